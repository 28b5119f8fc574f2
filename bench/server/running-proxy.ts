import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A DelayProxy in its own process. At first, it adds no delay. */
export interface RunningProxy {
  readonly port: number;
  setDelay(milliseconds: number): void;
  /** Returns the mean delay since the last call of `setDelay`, in milliseconds. */
  meanDelay(): Promise<number>;
  stop(): void;
}

export async function startProxy(target: number): Promise<RunningProxy> {
  const child = fork(fileURLToPath(new URL('delay-proxy-process.js', import.meta.url)), [String(target)]);
  const [{ port }] = await once(child, 'message');
  return {
    port: Number(port),
    setDelay: (delay) => child.send({ delay }),
    meanDelay: async () => {
      child.send({});
      const [report] = await once(child, 'message');
      return Number(report.meanDelay);
    },
    stop: () => child.disconnect(),
  };
}
