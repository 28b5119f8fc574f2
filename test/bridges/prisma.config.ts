import { defineConfig } from 'prisma/config';

// `prisma generate` downloads an engine for migrations unless it has one. It does not run the engine.
Object.assign(process.env, { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath });

export default defineConfig({ schema: 'schema.prisma' });
