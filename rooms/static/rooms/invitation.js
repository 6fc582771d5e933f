/** The dialog that invites people: the room's link, to be copied, shared, or read off the screen by a phone. */

import { COPIED, NOT_COPIED } from "#rooms/words";

const COPIED_FOR_MS = 2_000;

/** Opens the dialog by the button. */
export function offerInvitation(button, dialog) {
  const link = dialog.querySelector("input");
  button.addEventListener("click", () => dialog.showModal());
  if (!("closedBy" in dialog)) dialog.addEventListener("click", (event) => isBeside(dialog, event) && dialog.close());
  offerCopy(dialog.querySelector("[data-act=copy]"), link, dialog.querySelector("[role=status]"));
  offerShare(dialog.querySelector("[data-act=share]"), link.value);
}

/** Safari's dialogs do not close by a press beside them of themselves. */
function isBeside(dialog, { target, clientX: x, clientY: y }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return target === dialog && (x < left || x > right || y < top || y > bottom);
}

/** For a moment the button says that the link was copied. The page's own live region is silent behind a dialog. */
function offerCopy(button, link, status) {
  const word = button.querySelector("span");
  const before = word.textContent;
  button.addEventListener("click", async () => {
    [word.textContent, status.textContent] = (await copy(link)) ? COPIED : NOT_COPIED;
    setTimeout(() => {
      word.textContent = before;
      status.textContent = "";
    }, COPIED_FOR_MS);
  });
}

/** The clipboard is there on secure pages only; a room served over plain HTTP at home is none. */
async function copy(link) {
  try {
    await navigator.clipboard.writeText(link.value);
    return true;
  } catch {
    link.select();
    return document.execCommand("copy");
  }
}

function offerShare(button, url) {
  button.hidden = !navigator.share;
  button.addEventListener("click", async () => {
    try {
      await navigator.share({ title: document.title, url });
    } catch {
      // Whoever closes the sheet of their device has changed their mind.
    }
  });
}
