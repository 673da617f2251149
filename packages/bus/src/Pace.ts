/**
 * Keeps the beginnings of batches apart.
 *
 * Guarantee: whoever comes after a quiet while begins at once. What comes close behind waits for the others that come with it:
 * a batch costs several writes and wake-ups however little is in it, and at a few hundred events a second that would be most
 * of the work.
 */
export class Pace {
  private readonly millis: number
  private next = 0

  /** @param millis between two beginnings */
  constructor(millis: number) {
    this.millis = millis
  }

  /** Resolves when the next batch may begin. */
  async turn(): Promise<void> {
    const wait = this.next - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    this.next = performance.now() + this.millis
  }
}
