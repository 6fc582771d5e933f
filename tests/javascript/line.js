/** Where a socket would be: keeps what is sent, and says what the test tells it to. */
export class Line {
  status = { state: "connecting", tries: 0 };
  sent = [];
  pings = 0;

  start() {}
  stop() {}
  doubt() {}
  doubtSilence() {}
  giveUp() {}

  ping() {
    this.pings += 1;
  }

  send(message) {
    return this.status.state === "online" && this.sent.push(message) > 0;
  }

  enter(state) {
    this.status = { state, tries: 0, retry_at: 0 };
    this.onstate(this.status);
  }

  say(...messages) {
    for (const message of messages) this.onmessage(message);
  }

  get lastId() {
    return this.sent.at(-1).id;
  }
}
