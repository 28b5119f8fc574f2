/** Replaces `node:timers` in the inspector page. */

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => waiting.shift()?.();

/** Runs a function in a later task. Uses a message, because browsers delay nested timeouts by four milliseconds. */
function nextTask(task: () => void): void {
  waiting.push(task);
  port2.postMessage(undefined);
}

const { setTimeout, clearTimeout } = globalThis;

export { clearTimeout, nextTask as setImmediate, setTimeout };
