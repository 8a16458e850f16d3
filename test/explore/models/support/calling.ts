/** An abort signal whose listener is run step by step. */
export class Calling {
  readonly reason = new Error('called off');
  aborted = false;
  #listener: (() => void) | undefined;

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: string, listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }

  off(): void {
    this.aborted = true;
    this.#listener?.();
  }
}
