import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    bench: 'bench/server/bench.ts',
    flood: 'bench/server/flood.ts',
    million: 'bench/server/million.ts',
    session: 'bench/server/session.ts',
    'session-process': 'bench/server/session-process.ts',
    'service-process': 'bench/server/service-process.ts',
    'delay-proxy-process': 'bench/server/delay-proxy-process.ts',
  },
  outDir: 'bench/server/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
});
