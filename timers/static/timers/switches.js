/** The controls of which the sheets are made. Each shows what is so and asks by the function it is given. */

import { html, nothing } from "./vendor/lit-html.js";

/** A line with a switch at its end, which moves once what it stands for does; `remark` says more about it. */
export function toggle(name, on, set, remark = nothing, disabled = false) {
  const change = ({ target }) => {
    const wanted = target.checked;
    target.checked = on;
    set(wanted);
  };
  return html`<label class="line"
    ><span class="grow">${name}${remark === nothing ? nothing : html`<small>${remark}</small>`}</span
    ><input
      type="checkbox"
      role="switch"
      .checked=${on}
      ?disabled=${disabled}
      @change=${change}
  /></label>`;
}

/** One of a few. `choices` is `[[value, word], …]`; a word may be markup. */
export function choice(name, title, choices, chosen, set) {
  const one = ([value, word]) =>
    html`<label
      ><input type="radio" name=${name} value=${value ?? ""} .checked=${value === chosen} @change=${() => set(value)} /><span
        >${word}</span
      ></label
    >`;
  return html`<fieldset class="segment">
    <legend class="sr">${title}</legend>
    ${choices.map(one)}
  </fieldset>`;
}

/** A number within its limits; anything else is put back to what is so, and `refuse()` says why: it is `wrong` then. */
export function quantity(name, value, { min, max, step, unit }, set, refuse, wrong) {
  const change = ({ target }) => {
    if (target.validity.valid) return set(target.valueAsNumber);
    target.value = shown(value);
    refuse();
  };
  return html`<label class="field"
    ><span>${name} <small class="muted">${unit}</small></span
    ><input
      type="number"
      required
      inputmode="decimal"
      aria-invalid=${wrong ? "true" : nothing}
      min=${min}
      max=${max}
      step=${step}
      .value=${shown(value)}
      @change=${change}
  /></label>`;
}

/** A small button that takes something away. */
export function remover(name, remove) {
  return html`<button type="button" class="btn icon ghost" aria-label=${name} title=${name} @click=${remove}>
    <svg aria-hidden="true" focusable="false"><use href="#i-close"></use></svg>
  </button>`;
}

const shown = (value) => String(Number(value.toFixed(2)));
