import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveSettings } from '../../shared/util/settings.ts';
import { makeMedia } from './media-files.ts';
import { PROJECT_DIR } from './workspace.ts';

const config = JSON.parse(readFileSync(join(PROJECT_DIR, 'config/default.json'), 'utf8')) as Record<string, unknown>;
/** Where the project keeps its own things; tests borrow its environments and the installers' caches. */
export const PROJECT_ROOTS = resolveSettings(config, process.env, PROJECT_DIR).roots;

/** Three seconds and a half of the reading that comes with the recogniser: somebody speaks in it. */
const speech = (): string => {
  const lib = join(PROJECT_ROOTS.environments, 'moonshine/lib');
  const [python = ''] = readdirSync(lib).filter((name) => name.startsWith('python3'));
  return join(lib, python, 'site-packages/moonshine_voice/assets/two_cities.wav');
};

/**
 * Fills a folder: `noise.mp4` has picture and sound but nobody speaks, `speech.wav` has somebody who does; `silent.mp4`, `cut.mkv`,
 * `zero.mp4`, `text.mp4`, `folder.mp4` and the playlists `hls`, `dash`, `ffconcat` and `sdp`, all named .mp4, are what they are called.
 */
export async function makeBadFilms(inDir: string): Promise<void> {
  const film = (name: string): string => join(inDir, name);
  mkdirSync(inDir);
  const picture = ['-f', 'lavfi', '-i', 'color=s=64x48:d=2'];
  const noise = ['-f', 'lavfi', '-i', 'anoisesrc=d=2:a=0.01'];
  await makeMedia(...picture, ...noise, '-c:v', 'mpeg4', '-c:a', 'aac', film('noise.mp4'));
  await makeMedia(...picture, '-c:v', 'mpeg4', film('silent.mp4'));
  await makeMedia('-f', 'lavfi', '-i', 'anoisesrc=d=2:a=0.01', '-c:a', 'aac', film('cut.mkv'));
  truncateSync(film('cut.mkv'), Math.floor(statSync(film('cut.mkv')).size * 0.6));
  await makeMedia('-ss', '1', '-t', '3.5', '-i', speech(), film('speech.wav'));
  mkdirSync(film('folder.mp4'));
  writeFileSync(film('zero.mp4'), '');
  writeFileSync(film('text.mp4'), 'Dear diary,\nnothing happened.\n');
  writeFileSync(film('hls.mp4'), '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n');
  writeFileSync(film('dash.mp4'), '<?xml version="1.0"?>\n<MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>');
  writeFileSync(film('ffconcat.mp4'), "ffconcat version 1.0\nfile '/etc/passwd'\n");
  writeFileSync(film('sdp.mp4'), 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n');
}
