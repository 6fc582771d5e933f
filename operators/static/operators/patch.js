/**
 * Makes what an element holds like new markup, and keeps every element that is still wanted, so that focus, selection and
 * scrolling stay where they are. Of several alike those are the same that have the same `data-key`.
 */

export function patch(element, html) {
  const wanted = document.createElement("template");
  wanted.innerHTML = html;
  const focused = document.activeElement;
  patchChildren(element, wanted.content);
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function patchChildren(element, wanted) {
  const keyed = new Map([...element.children].filter(key).map((child) => [key(child), child]));
  let place = element.firstChild;
  for (const node of [...wanted.childNodes]) {
    const kept = key(node) ? keyed.get(key(node)) : alike(place, node) ? place : null;
    if (!kept) {
      element.insertBefore(node, place);
      continue;
    }
    if (kept === place) place = place.nextSibling;
    else element.insertBefore(kept, place);
    patchNode(kept, node);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function patchNode(node, wanted) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== wanted.data) node.data = wanted.data;
    return;
  }
  for (const { name } of [...node.attributes]) if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  patchChildren(node, wanted);
}

function alike(node, wanted) {
  return node && !key(node) && node.nodeName === wanted.nodeName;
}

function key(node) {
  return node.dataset?.key;
}
