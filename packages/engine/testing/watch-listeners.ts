/** Counts the listeners that are on a signal. */
export function watchListeners(signal: AbortSignal): { readonly count: number } {
  const watch = { count: 0 };
  const add = signal.addEventListener.bind(signal) as (...values: readonly unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...values: readonly unknown[]) => void;
  const override = { addEventListener: add, removeEventListener: remove };
  override.addEventListener = (...values) => {
    watch.count++;
    add(...values);
  };
  override.removeEventListener = (...values) => {
    watch.count--;
    remove(...values);
  };
  Object.assign(signal, override);
  return watch;
}
