/** Whether a URL answers 200 within a second. */
export const answers = async (url: string): Promise<boolean> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) })
  await response.arrayBuffer()
  return response.ok
}
