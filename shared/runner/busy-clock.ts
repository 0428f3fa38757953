/**
 * The time a stage spent on its own work: everything but the moments in which it only waited for its producers. A stage that waits for its
 * next item while calls of its own are under way is at work.
 */
export interface BusyClock {
  waiting(isWaiting: boolean): void;
  /** Counts a call as under way until it settles. */
  during<T>(call: Promise<T>): Promise<T>;
  seconds(): number;
}

export function createBusyClock(now: () => number = () => performance.now()): BusyClock {
  let waits = false;
  let underWay = 0;
  let busyMs = 0;
  let since: number | undefined = now();
  const update = (): void => {
    const busy = !waits || underWay > 0;
    if (busy && since === undefined) since = now();
    else if (!busy && since !== undefined) {
      busyMs += now() - since;
      since = undefined;
    }
  };
  return {
    waiting(isWaiting) {
      waits = isWaiting;
      update();
    },
    async during(call) {
      underWay += 1;
      update();
      try {
        return await call;
      } finally {
        underWay -= 1;
        update();
      }
    },
    seconds: () => (busyMs + (since === undefined ? 0 : now() - since)) / 1000,
  };
}
