/** Replaces `node:timers` in the inspector page. */

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => waiting.shift()?.();

/** Browsers delay nested timeouts by four milliseconds, but not messages. */
function nextTask(task: () => void): void {
  waiting.push(task);
  port2.postMessage(undefined);
}

const { setTimeout, clearTimeout } = globalThis;

export { clearTimeout, nextTask as setImmediate, setTimeout };
