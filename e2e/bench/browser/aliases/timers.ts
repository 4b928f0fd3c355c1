/** What a page has of node:timers/promises. */
export function setImmediate(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
