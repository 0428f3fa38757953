import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dumpFfmpegVersion } from '../../shared/media/dump-ffmpeg-version.ts';
import { ENV, FFMPEG, inspect, makeMedia, mediaActions, temporaryFolder } from '../helpers/media-files.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
afterAll(folder.remove);

beforeAll(async () => {
  await makeMedia('-f', 'lavfi', '-i', 'sine=d=1', at('tone.wav'));
  await makeMedia('-i', at('tone.wav'), '-c:a', 'mp2', at('tone.ts'));
  await makeMedia('-i', at('tone.wav'), '-c:a', 'aac', at('tone.mp4'));
});

/** The playlist with a real file to read: one that its demuxer would accept. */
function aimed(name: string, text: string): string {
  if (name === 'ffconcat') return text.replace('TARGET', 'tone.ts');
  return text.replace('TARGET', `file://${at(name === 'DASH' ? 'tone.mp4' : 'tone.ts')}`);
}

const refusal = async (path: string): Promise<{ code: string; message: string; why: string }> =>
  inspect(path).then(
    () => ({ code: 'accepted', message: '', why: '' }),
    ({ code, message, details }) => ({ code, message, why: details?.why ?? '' }),
  );

describe('a media file', () => {
  it('that is not there, is a folder or is empty is told apart', async () => {
    mkdirSync(at('folder.mp4'));
    writeFileSync(at('empty.mp4'), '');
    expect((await refusal(at('nowhere.mp4'))).code).toBe('ERR_MEDIA_MISSING');
    expect(await refusal(at('folder.mp4'))).toMatchObject({
      code: 'ERR_MEDIA_MISSING',
      why: expect.stringContaining('folder'),
    });
    expect((await refusal(at('empty.mp4'))).code).toBe('ERR_MEDIA_EMPTY');
  });

  const playlists: readonly (readonly [string, string])[] = [
    ['HLS', '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nTARGET\n#EXT-X-ENDLIST\n'],
    ['HLS after a byte order mark', '\ufeff#EXTM3U\n#EXTINF:1,\nTARGET\n#EXT-X-ENDLIST\n'],
    ['ffconcat', "ffconcat version 1.0\nfile 'TARGET'\n"],
    ['SDP', 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n'],
    [
      'DASH',
      '<?xml version="1.0"?>\n<!-- x -->\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" ' +
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" mediaPresentationDuration="PT1S"><Period>' +
        '<AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1000"><BaseURL>TARGET</BaseURL>' +
        '</Representation></AdaptationSet></Period></MPD>',
    ],
  ];
  it.each(playlists)('that is a playlist is refused whatever its name: %s', async (name, text) => {
    const path = at(`${name}.mp4`);
    writeFileSync(path, aimed(name, text));
    expect((await refusal(path)).code).toBe('ERR_MEDIA_PLAYLIST');
  });

  it.each(playlists)('that is a playlist cannot make ffmpeg read another file: %s', async (name, text) => {
    const path = at(`direct ${name}.mp4`);
    writeFileSync(path, aimed(name, text));
    const media = mediaActions(folder.path);
    const output = { path: at('stolen.pcm'), options: ['-f', 's16le'] };
    await expect(media.probe(path)).rejects.toMatchObject({ code: 'ERR_MEDIA_UNREADABLE' });
    await expect(media.ffmpeg({ inputs: [{ path, trust: 'foreign' }], outputs: [output] })).rejects.toMatchObject({
      code: 'ERR_MEDIA_TOOL',
    });
    await expect(media.ffmpeg({ inputs: [{ path, trust: 'own' }], outputs: [output] })).rejects.toMatchObject({
      code: 'ERR_MEDIA_TOOL',
    });
  });

  it('that is text, a page or an archive is named as what it is', async () => {
    writeFileSync(at('notes.mp4'), 'Dear diary,\nnothing happened.\n');
    writeFileSync(at('page.mp4'), '<!DOCTYPE html><html><body>404</body></html>');
    writeFileSync(at('zip.mp4'), Buffer.from('504b030414000000', 'hex'));
    writeFileSync(at('noise.mp4'), Buffer.alloc(5000, 0x9d));
    expect((await refusal(at('notes.mp4'))).message).toContain('is text');
    expect((await refusal(at('page.mp4'))).message).toContain('web page');
    expect((await refusal(at('zip.mp4'))).message).toContain('ZIP');
    for (const name of ['notes.mp4', 'page.mp4', 'zip.mp4', 'noise.mp4']) {
      expect((await refusal(at(name))).code).toBe('ERR_MEDIA_UNREADABLE');
    }
  });

  it('without sound is refused with its streams', async () => {
    await makeMedia('-f', 'lavfi', '-i', 'color=s=64x48:d=1', '-c:v', 'mpeg4', at('silent.mp4'));
    expect(await refusal(at('silent.mp4'))).toMatchObject({
      code: 'ERR_MEDIA_NO_AUDIO',
      why: expect.stringContaining('video (mpeg4'),
    });
  });

  const cuts: readonly (readonly [string, readonly string[], string])[] = [
    ['cut.wav', [], 'RIFF'],
    ['front.mp4', ['-c:a', 'aac', '-movflags', 'faststart'], 'mdat'],
    ['back.mp4', ['-c:a', 'aac'], 'mdat'],
    ['cut.mkv', ['-c:a', 'aac'], 'Matroska'],
    ['cut.avi', ['-c:a', 'pcm_s16le'], 'RIFF'],
  ];
  it.each(cuts)('that is cut off is refused with figures, also in the last tenth: %s', async (name, args, part) => {
    await makeMedia('-f', 'lavfi', '-i', 'anoisesrc=d=5', ...args, at(name));
    expect((await refusal(at(name))).code).toBe('accepted');
    const { size } = statSync(at(name));
    truncateSync(at(name), Math.floor(size * 0.9));
    const refused = await refusal(at(name));
    expect(refused.code).toBe('ERR_MEDIA_TRUNCATED');
    expect(refused.why).toContain(part);
    expect(refused.why).toMatch(/\d+ bytes/);
  });

  it('that is cut off is read when damage was accepted, unless its index is gone', async () => {
    await makeMedia('-f', 'lavfi', '-i', 'anoisesrc=d=5', at('keep.wav'));
    truncateSync(at('keep.wav'), Math.floor(statSync(at('keep.wav')).size / 2));
    const { truncation, probe } = await inspect(at('keep.wav'), { acceptDamaged: true });
    expect(truncation).toContain('are missing');
    expect(probe.durationMs).toBeLessThan(5000);
    await makeMedia('-f', 'lavfi', '-i', 'anoisesrc=d=5', '-c:a', 'aac', at('lost.mp4'));
    truncateSync(at('lost.mp4'), Math.floor(statSync(at('lost.mp4')).size / 2));
    await expect(inspect(at('lost.mp4'), { acceptDamaged: true })).rejects.toMatchObject({
      code: 'ERR_MEDIA_TRUNCATED',
    });
  });

  it('written to a pipe, with no size in its header, is not called cut off', async () => {
    const path = at('piped.wav');
    await makeMedia('-i', at('tone.wav'), at('piped.wav'));
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(0xffff_ffff, 4);
    writeFileSync(path, bytes);
    expect((await inspect(path)).truncation).toBeUndefined();
  });

  it('says what it holds: languages, picture, start times', async () => {
    const path = at('film.mkv');
    const sources = ['-f', 'lavfi', '-i', 'color=s=64x48:r=25:d=2', '-i', at('tone.wav'), '-i', at('tone.wav')];
    const maps = ['-map', '0:v', '-map', '1:a', '-map', '2:a', '-c:v', 'mpeg4', '-c:a', 'flac'];
    const tags = [
      '-metadata:s:a:0',
      'language=ger',
      '-metadata:s:a:1',
      'language=und',
      '-disposition:a:1',
      'default',
      '-disposition:a:0',
      '0',
    ];
    await makeMedia(...sources, ...maps, ...tags, '-output_ts_offset', '3', path);

    const { probe } = await inspect(path);

    expect(probe).toMatchObject({ container: 'matroska,webm', durationMs: 2000, startTimeMs: 3000 });
    expect(probe.streams).toMatchObject([
      { type: 'video', codec: 'mpeg4', video: { width: 64, height: 48, framesPerSecond: 25, coverArt: false } },
      { type: 'audio', codec: 'flac', language: 'de', default: false, startMs: 0, durationMs: 1000 },
      { type: 'audio', codec: 'flac', language: null, default: true, audio: { sampleRateHz: 44100, channels: 1 } },
    ]);
  });

  it('with a picture of a forbidden kind can still be heard', async () => {
    await makeMedia(
      '-f',
      'lavfi',
      '-i',
      'color=s=64x48:d=1',
      '-i',
      at('tone.wav'),
      '-c:v',
      'magicyuv',
      '-c:a',
      'flac',
      at('magic.mkv'),
    );
    const result = await mediaActions(folder.path).ffmpeg({
      inputs: [{ path: at('magic.mkv'), trust: 'foreign' }],
      outputs: [{ path: at('heard.pcm'), options: ['-map', '0:a:0', '-f', 's16le'] }],
    });
    expect(result.damageCount).toBe(0);
    expect(result.stderrTail.join('\n')).toContain('not on whitelist');
    expect(statSync(at('heard.pcm')).size).toBe(88_200);
  });
});

describe('hostile names', () => {
  const names = [
    ...[
      "it's.wav",
      'a"b.wav',
      'a b.wav',
      ' lead.wav',
      'trail .wav',
      'new\nline.wav',
      'tab\t.wav',
      'cr\r.wav',
      'back\\slash.wav',
      '`id`.wav',
    ],
    ...[
      '$(id).wav',
      '$HOME.wav',
      ';ls.wav',
      '&&ls.wav',
      '|ls.wav',
      '>out.wav',
      '<in.wav',
      '*.wav',
      '?.wav',
      '[a].wav',
      '{a,b}.wav',
      '!x.wav',
    ],
    ...[
      '-i.wav',
      '-y',
      '--help.wav',
      '-',
      '%03d.wav',
      '%s%n.wav',
      '#x.wav',
      '~.wav',
      '@x.wav',
      '=x.wav',
      '+x.wav',
      ',x.wav',
      '(x).wav',
    ],
    ...[
      'concat:a|b.mp4',
      'pipe:0',
      'pipe:',
      'http:x.mp4',
      'https:x',
      'file:x.wav',
      'fd:',
      'data:x',
      'a:b.mp4',
      'subfile,,start,0,end,9,,:x',
      'crypto:x',
    ],
    ...[
      '\u202egpj.wav',
      '\u200b.wav',
      '😀🎬.wav',
      'हिन्दी फ़िल्म.wav',
      '日本語.wav',
      'عربي.wav',
      'e\u0301.wav',
      '\u00e9.wav',
      'Ω≈ç√.wav',
    ],
    ...['playlist.m3u8', 'x.ffconcat', 'x.sdp', 'x.srt', 'noextension', '...wav', `${'n'.repeat(251)}.wav`],
  ];

  it('are sixty or more, each a file of its own', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(60);
  });

  it('are all read as the files they are', async () => {
    mkdirSync(at('names'));
    for (const name of names) copyFileSync(at('tone.wav'), at(`names/${name}`));
    const failed: string[] = [];
    const queue = [...names];
    const work = async (): Promise<void> => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
        const { durationMs } = await inspect(at(`names/${name}`)).then(
          ({ probe }) => probe,
          () => ({ durationMs: -1 }),
        );
        if (durationMs !== 1000) failed.push(name);
      }
    };
    await Promise.all([work(), work()]);
    expect(failed).toEqual([]);
  });

  it.each(['concat:a|b.mp4', 'new\nline.wav', '-y', '%03d.wav', 'हिन्दी फ़िल्म.wav', `${'n'.repeat(251)}.wav`])(
    'are written and read by ffmpeg: %j',
    async (name) => {
      const out = at(`${name.slice(0, 200)}.pcm`);
      await mediaActions(folder.path).ffmpeg({
        inputs: [{ path: at(`names/${name}`), trust: 'foreign' }],
        outputs: [{ path: out, options: ['-f', 's16le'] }],
      });
      expect(statSync(out).size).toBe(88_200);
    },
  );
});

describe('ffmpeg', () => {
  it('tells its version', async () => {
    expect(await dumpFfmpegVersion(FFMPEG, ENV)).toMatch(/^\S*\d+\.\d+/);
    await expect(dumpFfmpegVersion('/bin/true', ENV)).rejects.toMatchObject({ code: 'ERR_MEDIA_TOOL' });
  });
});
