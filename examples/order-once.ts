import { type AppAttestClient, AppAttestClientError } from 'app-attest/client';

/**
 * Places an order once. The app chooses and stores the identifier of the order. So it can call this function again after an error,
 * even after a restart of the app. The server must place only one order for an identifier, and respond to each request in the same way.
 */
export async function orderOnce(attested: AppAttestClient, id: string, item: string): Promise<Response> {
  const place = () => attested.fetch(`/orders/${id}`, { method: 'PUT', body: { item } });
  try {
    return await place();
  } catch (error) {
    const isLost = error instanceof AppAttestClientError && error.code === 'answer_lost';
    if (!isLost) throw error;
    return place(); // the same order, with a new challenge and a new signature
  }
}
