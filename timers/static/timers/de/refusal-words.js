/** What a refused connection means, in German. */

export const CARDS = {
  4401: {
    title: "Wir kennen diesen Browser nicht",
    why:
      "Das Cookie, das deinen Timer von anderen unterscheidet, fehlt oder ist abgelaufen. Wenn du die Seite neu lädst, " +
      "bekommst du ein neues. Kommt das wieder, erlaube Cookies für diese Website.",
    action: "Neu laden",
  },
  4403: {
    title: "Du bist nicht mehr in diesem Raum",
    why:
      "Er fragt nach einem Passwort: Er hat eines bekommen, oder ein anderes, oder deine 30 Tage sind vorbei. Oder wer " +
      "diese Website betreibt, hat dich hinausgeschickt.",
    action: "Wieder eintreten",
  },
  4404: {
    title: "Diesen Raum gibt es nicht mehr",
    why: "Niemand hat ihn in letzter Zeit benutzt, oder er wurde entfernt. Ein neuer ist gleich gemacht.",
    action: "Neuen Raum öffnen",
  },
  4429: {
    title: "Zu viel auf einmal",
    why:
      "Der Raum ist voll, oder es kamen zu viele Tabs oder Befehle von hier. Schließe einen Tab, den du nicht brauchst, " +
      "warte einen Moment und versuch es noch einmal.",
    action: "Noch einmal versuchen",
  },
};

export const UNEXPLAINED = {
  title: "Der Server hat die Verbindung abgelehnt",
  why: "Warum, hat er nicht gesagt. Vielleicht hilft es, die Seite neu zu laden.",
  action: "Neu laden",
};
