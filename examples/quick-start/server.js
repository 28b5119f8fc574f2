import { createBackend } from './backend.js';

// Builds from Xcode attest in the environment development. TestFlight and the App Store use production.
const app = await createBackend('file:app-attest.db', { environment: ['development', 'production'] });
const port = process.env.PORT ?? 3000;
app.listen(port, (error) => {
  if (error) throw error; // for example, another process listens on this port
  console.log(`http://localhost:${port}`);
});
