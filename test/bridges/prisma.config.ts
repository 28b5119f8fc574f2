import { defineConfig } from 'prisma/config';

// Without this variable, `prisma generate` downloads an engine for migrations. The command does not run the engine.
Object.assign(process.env, { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath });

export default defineConfig({ schema: 'schema.prisma' });
