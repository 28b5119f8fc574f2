import { type LifeEvent, live } from './key-life.js';

process.on('disconnect', () => process.exit());

/** Waits until the message is in the pipe. The parent process then receives the message even if this process is killed. */
function report(event: LifeEvent): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(event, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

await live(JSON.parse(process.argv[2] ?? ''), report);
