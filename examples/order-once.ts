import { type AppAttestClient, AppAttestClientError } from 'app-attest/client';

/**
 * Places an order once. The app chooses the identifier of the order and keeps it, so it can call this function again after an
 * error, also after a restart. The server places one order for an identifier, and responds to a second request as to the first.
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
