/** Timers and snapshots as the wire has them, for the tests. */

export const SETTINGS = {
  focus_ms: 1_500_000,
  short_break_ms: 300_000,
  long_break_ms: 900_000,
  rounds: 4,
  auto_start_breaks: true,
  auto_start_focus: false,
};

export const timer = (changes = {}) => ({
  id: "solo",
  status: "stopped",
  phase: "focus",
  duration_ms: 1_500_000,
  remaining_ms: 1_500_000,
  ends_at: null,
  started_at: null,
  started_by: null,
  paused_at: null,
  round: 1,
  completed_focus: 0,
  settings: SETTINGS,
  v: 0,
  ...changes,
});

export const running = (ends_at, changes = {}) =>
  timer({ status: "running", ends_at, started_at: ends_at - 1_500_000, ...changes });

export const member = (id, name = id, joined_at = 0) => ({ id, name, tabs: 1, joined_at, away: false, colour: 0 });

export const joined = (changes = {}) => ({
  type: "session:joined",
  protocol: 1,
  now_at: 0,
  v: 5,
  you: { member: "ana", name: "Ana" },
  room: { code: "ABC234", name: "", locked: false },
  people: 2,
  members: [member("ana", "Ana"), member("jun", "Jun")],
  timers: [timer({ id: "room" }), timer({ id: "ana" })],
  settings: {},
  ...changes,
});
