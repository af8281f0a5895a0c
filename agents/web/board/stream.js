// The connection: server-sent events by fetch, since EventSource can carry no token. It comes back by itself.
const SILENT_MS = 5000;

export class Stream {
  constructor(on) {
    this.on = on;
    this.token = sessionStorage.getItem("token") || "";
    this.heardAt = 0;
    this.tries = 0;
    this.open = false;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    setInterval(() => this.open && performance.now() - this.heardAt > SILENT_MS && this.again(), 500);
  }

  follow(query) {
    this.query = query;
    this.tries = 0;
    this.again(0);
  }

  hurry() {
    if (!this.open && this.query) this.again(0);
  }

  again(wait = Math.min(4000, 250 * 2 ** this.tries) * (0.75 + Math.random() / 2)) {
    this.open = false;
    if (this.abort) this.abort.abort();
    clearTimeout(this.timer);
    this.tries += 1;
    this.timer = setTimeout(() => this.connect(), wait);
  }

  async connect() {
    const abort = (this.abort = new AbortController());
    const current = () => this.abort === abort && !abort.signal.aborted;
    const slow = setTimeout(() => current() && this.again(), SILENT_MS);
    try {
      const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
      const answer = await fetch(`/board/events?${this.query}`, { headers, signal: abort.signal, cache: "no-store" });
      clearTimeout(slow);
      if (!current()) return;
      if (answer.status === 401 || answer.status === 403 || answer.status === 400) {
        const problem = await answer.json();
        this.on.refused(answer.status, problem.detail);
        this.abort = null;
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      this.open = true;
      this.heardAt = performance.now();
      await this.read(answer.body.getReader(), current);
    } catch {
      // What went wrong shows as a lost connection.
    } finally {
      clearTimeout(slow);
    }
    if (current()) this.again();
  }

  async read(reader, current) {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !current()) return;
      this.heardAt = performance.now();
      this.tries = 0;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const [, kind, data] = /^event: (\w+)\ndata: (.*)$/s.exec(part) || [];
        if (kind) this.on.event(kind, JSON.parse(data));
      }
    }
  }

  remember(token) {
    this.token = token;
    sessionStorage.setItem("token", token);
    this.again(0);
  }
}
