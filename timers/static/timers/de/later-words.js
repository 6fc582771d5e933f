/** What is said by what a page loads later, in German. */

export const QUIET = "Du wirst nicht mehr gefragt. In den Einstellungen kannst du das ändern.";
export const NOTIFIED = "Du wirst benachrichtigt, wenn die nächste Phase endet.";
export const NOT_NOTIFIED = "Dieser Browser lässt keine Benachrichtigungen zu. Du kannst sie in seinen Einstellungen für diese Website erlauben.";

export const endsAt = (timeOfDay) => `endet um ${timeOfDay} Uhr`;

export const overruling = (number) =>
  `Während du offline warst, wurde der Timer anderswo geändert. Deshalb ${number === 1 ? "zählt eine Sache" : `zählen ${number} Sachen`} nicht, die du vorher getan hast.`;

export const NEWER = { text: "Eine neue Version ist da.", word: "Neu laden" };
