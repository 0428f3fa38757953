import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolVariables } from '../shared/environment/tool-variables.ts';
import { runFfmpeg } from '../shared/media/run-ffmpeg.ts';
import { findProgram } from '../shared/process/find-program.ts';

/**
 * `npm run picture`: docs/demo.png from the finished demo in out/demo. Above, one moment of the film with its three subtitles; below, the
 * sound of the original and of the dub.
 */
const AT_SECONDS = 18;
const LANGUAGES = ['en', 'pt-BR', 'es'] as const;
const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
const demo = (name: string): string => join(projectDir, 'out/demo', name);

// Only constant names may stand in a filter graph, so the subtitles get them in a folder of their own.
const folder = mkdtempSync(join(tmpdir(), 'babelreel-picture-'));
LANGUAGES.forEach((language, index) => {
  copyFileSync(demo(`demo.${language}.srt`), join(folder, `${index}.srt`));
});
const frames = LANGUAGES.map(
  (_, index) => `[f${index}]setpts=PTS+${AT_SECONDS}/TB,subtitles=f=${index}.srt[s${index}]`,
);
const waves = ['0x3d5a80', '0xf4a261'].map(
  (colour, index) =>
    `[1:a:${index}]aformat=channel_layouts=mono,showwavespic=s=1440x90:colors=${colour}:scale=sqrt[w${index}]`,
);
const graph = [
  '[0:v]split=3[f0][f1][f2]',
  ...frames,
  '[s0][s1][s2]hstack=inputs=3,scale=1440:270[top]',
  ...waves,
  '[w0][w1]vstack=inputs=2,format=rgb24,pad=1440:190:0:5:black[low]',
  '[top]format=rgb24[high]',
  '[high][low]vstack=inputs=2[picture]',
].join(';');
try {
  await runFfmpeg(
    {
      inputs: [
        { path: demo('demo.mp4'), trust: 'own', options: ['-ss', String(AT_SECONDS)] },
        { path: demo('demo.mkv'), trust: 'own' },
      ],
      filterGraph: graph,
      outputs: [
        {
          path: join(projectDir, 'docs/demo.png'),
          options: ['-map', '[picture]', '-frames:v', '1', '-f', 'image2', '-update', '1', '-c:v', 'png'],
        },
      ],
    },
    {
      ffmpeg: findProgram('ffmpeg') ?? '/usr/bin/ffmpeg',
      env: toolVariables(),
      cwd: folder,
      signal: new AbortController().signal,
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
