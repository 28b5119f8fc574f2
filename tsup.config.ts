import { rmSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const entry = { index: 'src/index.ts', testing: 'src/testing/index.ts' };

const shared: Options = {
  target: 'node20',
  dts: { entry },
  sourcemap: true,
  // Deno and Workers know Node's modules by their node: names only.
  removeNodeProtocol: false,
};

// Once for both formats: each would clean away what the other has written.
rmSync('dist', { recursive: true, force: true });

export default defineConfig([
  {
    ...shared,
    format: 'esm',
    entry: {
      ...entry,
      // So that the index only passes on what stands in modules of its own: a bundler leaves out those that it does not need.
      'core/inspect-assertion': 'src/assertion/inspect-assertion.ts',
      'core/inspect-attestation': 'src/attestation/inspect-attestation.ts',
      'core/inspect-receipt': 'src/receipt/inspect-receipt.ts',
      'core/receipt-due': 'src/receipt/receipt-due.ts',
      'core/refresh-receipt': 'src/receipt/refresh-receipt.ts',
      'core/validation-category': 'src/authenticator-data/validation-category.ts',
      'core/verify-assertion': 'src/assertion/verify-assertion.ts',
      'core/verify-attestation': 'src/attestation/verify-attestation.ts',
      'core/verify-receipt': 'src/receipt/verify-receipt.ts',
    },
  },
  { ...shared, format: 'cjs', entry },
]);
