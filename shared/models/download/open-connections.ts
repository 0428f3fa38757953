import type { ListedModel } from '../registry/open-registry.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { type FetchOptions, USUAL_PATIENCE } from './fetch-options.ts';

/** The servers of one download, each opened once. */
export interface Connections extends AsyncDisposable {
  /** Where a model may be fetched from, the best first. */
  of(model: ListedModel): readonly Endpoint[];
}

/** The public hub has no files of other servers. */
const mayBeMirror = (url: string): boolean => new URL(url).hostname !== 'huggingface.co';

export function openConnections({ endpoints, env, patience, signal }: FetchOptions): Connections {
  const open = new Map<string, Endpoint>();
  const endpoint = (url: string): Endpoint => {
    const found = open.get(url) ?? openEndpoint(url, { env, signal, ...USUAL_PATIENCE, ...patience });
    open.set(url, found);
    return found;
  };
  return {
    of({ entry: { source } }) {
      if (source.type === 'hub') return endpoints.map(endpoint);
      return source.type === 'url' ? [...endpoints.filter(mayBeMirror), source.base].map(endpoint) : [];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...open.values()].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
