// Runs a DelayProxy in its own process, so that the proxy does not slow the load generator.
import { DelayProxy } from './delay-proxy.js';

const proxy = await DelayProxy.to(Number(process.argv[2]), 0);
process.send?.({ port: proxy.port });
process.on('message', ({ delay }: { delay?: number }) => {
  if (delay === undefined) process.send?.({ meanDelay: proxy.meanDelay });
  else proxy.delay = delay;
});
process.on('disconnect', () => process.exit());
