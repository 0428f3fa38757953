import { expect, it } from 'vitest';
import { Failure, type FailureCode } from '../shared/contract/failure.ts';
import { problemOfFix, shellWords } from '../tests/helpers/fix-command.ts';
import { adviseFilm } from './advise-film.ts';

const film = "/in/it's\n$(here).mp4";
const args = ['--media', film, '-w', 'transcribe', '-s', 'en'];
const fixOf = (code: FailureCode, given: readonly string[] = args, own?: readonly string[]): readonly string[] => {
  const failure = adviseFilm(new Failure(code, 'It failed.', { why: 'why', ...(own && { fix: own }) }), {
    film,
    args: given,
  });
  expect(failure).toMatchObject({ code, message: 'It failed.', details: { why: 'why' } });
  return (failure as Failure).details.fix ?? [];
};

it.each<FailureCode>([
  'ERR_MEDIA_MISSING',
  'ERR_MEDIA_EMPTY',
  'ERR_MEDIA_PLAYLIST',
  'ERR_MEDIA_UNREADABLE',
  'ERR_MEDIA_NO_AUDIO',
  'ERR_MEDIA_TRUNCATED',
  'ERR_USAGE',
])('%s gets one command that can be typed, whatever the film is called', (code) => {
  const fix = fixOf(code);
  expect(fix).toHaveLength(1);
  expect(problemOfFix(fix[0] ?? '')).toBeUndefined();
});

it('a cut-off film gets the same command with --accept-damaged, in the place of any other advice', () => {
  const [fix = ''] = fixOf('ERR_MEDIA_TRUNCATED', args, ['something else']);
  expect(shellWords(fix)).toEqual(['./prepare-job.sh', ...args, '--accept-damaged']);
});

it('a cut-off film that was accepted already, and is worse, is not told to be accepted again', () => {
  const [fix = ''] = fixOf('ERR_MEDIA_TRUNCATED', [...args, '--accept-damaged']);
  expect(shellWords(fix)).toEqual(['ffprobe', '-hide_banner', `file:${film}`]);
});

it('no player is told to open a playlist', () => {
  expect(fixOf('ERR_MEDIA_PLAYLIST')[0]).toMatch(/^head /);
});

it('advice that is there stays, and what is not about the film passes as it is', () => {
  expect(fixOf('ERR_USAGE', args, ['./babelreel.sh engines'])).toEqual(['./babelreel.sh engines']);
  expect(fixOf('ERR_DISK_FULL')).toEqual([]);
  const bug = new TypeError('a bug');
  expect(adviseFilm(bug, { film, args })).toBe(bug);
});
