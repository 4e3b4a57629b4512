// The WebSocket client: reconnects by itself and detects dead connections.

const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 5000;
const PING_MS = 2000;
const SILENCE_MS = 8000;

export class Live {
  #socket = null;
  #retry = RETRY_FIRST_MS;
  #seq = 0;
  #pings = new Map();
  #pinged = 0;
  #opened = 0;
  #checked = 0;
  #tell;

  /** tell: callbacks { state(word, reason), message(object), lag(ms, offset of the service's clock in ms) } */
  constructor(tell) {
    this.#tell = tell;
    setInterval(() => this.#check(), PING_MS);
    addEventListener("online", () => this.#socket === null && this.#open());
    this.#open();
  }

  say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #open() {
    const address = new URL("ws", document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = (this.#socket = new WebSocket(address));
    this.#seq = 0;
    this.#opened = performance.now();
    this.#pings.clear();
    socket.onopen = () => {
      this.#tell.state("open");
      this.#ping();
    };
    socket.onmessage = event => socket === this.#socket && this.#take(JSON.parse(event.data));
    socket.onclose = event => socket === this.#socket && this.#lost(event.reason);
  }

  #take(message) {
    this.#retry = RETRY_FIRST_MS;
    this.#seq += 1;
    if (message.seq !== this.#seq) {
      // A message is missing, so the page may be wrong: reconnect.
      this.#lost("a message is missing");
    } else if (message.type === "pong") {
      const sent = this.#pings.get(message.id);
      // A later ping has been answered already.
      if (sent === undefined) return;
      this.#pings.clear();
      const lag = performance.now() - sent;
      this.#tell.lag(lag, Date.parse(message.time) - (Date.now() - lag / 2));
    } else {
      this.#tell.message(message);
    }
  }

  #ping() {
    this.#pinged += 1;
    this.#pings.set(this.#pinged, performance.now());
    this.say({ op: "ping", id: this.#pinged });
  }

  #check() {
    const now = performance.now();
    // Browsers throttle timers in the background: a delay then is not the service's.
    const awake = now - this.#checked < 3 * PING_MS;
    this.#checked = now;
    const state = this.#socket?.readyState;
    const [unanswered = now] = this.#pings.values();
    if (state === WebSocket.CONNECTING && now - this.#opened > SILENCE_MS) this.#lost("it does not answer");
    else if (state === WebSocket.OPEN && awake && now - unanswered > SILENCE_MS) this.#lost("nothing is heard from it");
    else if (state === WebSocket.OPEN) this.#ping();
  }

  #lost(reason) {
    const socket = this.#socket;
    this.#socket = null;
    socket.close();
    this.#tell.state("lost", reason);
    setTimeout(() => this.#socket === null && this.#open(), this.#retry * (0.5 + Math.random() / 2));
    this.#retry = Math.min(2 * this.#retry, RETRY_LAST_MS);
  }
}
