import type { MediaInput } from '../contract/media-command.ts';

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/**
 * What ffmpeg may open. Only a list of demuxers keeps playlists out: HLS, DASH, concat and SDP read other files or hosts, and
 * neither their name nor the list of protocols stops them. Names are those of `ffmpeg -demuxers`.
 */
const FOREIGN_FORMATS = names(`
  mov mp4 m4a 3gp 3g2 mj2 matroska webm avi mpegts mpeg flv ogg asf mxf dv nut wav w64 aiff caf au voc mp3
  aac ac3 eac3 dts flac amr amrnb amrwb ape wv tta
`);

/** Text formats that a stage writes itself and hands to ffmpeg again. */
const OWN_TEXT_FORMATS = ['srt', 'ass', 'webvtt', 'ffmetadata'];

const PCM_FORMATS = ['s16le', 'f32le'];

/** Decoders of sound; names of `ffmpeg -decoders`. */
const AUDIO_DECODERS = names(`
  aac aac_fixed aac_latm mp1 mp1float mp2 mp2float mp3 mp3float ac3 ac3_fixed eac3 dca truehd mlp opus
  libopus vorbis libvorbis flac alac ape wavpack tta speex libspeex amrnb amrwb libopencore_amrnb
  libopencore_amrwb gsm gsm_ms qdm2 nellymoser wmav1 wmav2 wmapro wmalossless wmavoice adpcm_ima_wav
  adpcm_ima_qt adpcm_ms adpcm_swf g722 g726 pcm_s8 pcm_u8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le
  pcm_s32be pcm_f32le pcm_f32be pcm_f64le pcm_f64be pcm_alaw pcm_mulaw pcm_bluray pcm_dvd s302m
  pcm_s16le_planar pcm_s16be_planar
`);

/**
 * Decoders ffmpeg may use while it looks at pictures and subtitles. Pictures are only copied, never decoded to the end; PNG is
 * left out because cover art of 16000 × 16000 pixels takes 802 MB whatever `-max_pixels` says.
 */
const PICTURE_DECODERS = names(`
  h264 hevc av1 libdav1d libaom-av1 vp8 vp9 libvpx libvpx-vp9 mpeg1video mpeg2video mpegvideo mpeg4
  msmpeg4v1 msmpeg4v2 msmpeg4 wmv1 wmv2 wmv3 vc1 theora flv h263 h263p vp6 vp6f vp6a mjpeg dvvideo prores
  dnxhd ffv1 mov_text srt subrip ass ssa webvtt text dvdsub dvbsub pgssub xsub
`);

const PICTURE_NAMES: ReadonlySet<string> = new Set(PICTURE_DECODERS);

/** True for a decoder whose complaints say nothing about the sound. */
export const isPictureDecoder = (name: string): boolean => PICTURE_NAMES.has(name);

/** 8192 × 4320. */
const MAX_PIXELS = 35_389_440;
const MAX_ALLOC_BYTES = 536_870_912;
/** How far in a stream may first appear, bytes and microseconds; ffmpeg and ffprobe must agree on it to number streams alike. */
const LOOK_AHEAD = ['-probesize', '33554432', '-analyzeduration', '20000000'];

/** Options in front of `-i` that bound what one input can make ffmpeg or ffprobe do. */
export function inputLimits(trust: MediaInput['trust']): readonly string[] {
  const protocols = ['-protocol_whitelist', 'file,pipe,fd'];
  if (trust === 'pcm') {
    return [...protocols, '-format_whitelist', PCM_FORMATS.join(), '-codec_whitelist', 'pcm_s16le,pcm_f32le'];
  }
  const formats = trust === 'own' ? [...FOREIGN_FORMATS, ...OWN_TEXT_FORMATS] : FOREIGN_FORMATS;
  return [
    ...protocols,
    '-format_whitelist',
    formats.join(),
    '-codec_whitelist',
    [...AUDIO_DECODERS, ...PICTURE_DECODERS].join(),
    '-max_pixels',
    String(MAX_PIXELS),
    ...LOOK_AHEAD,
  ];
}

/** No single allocation of the process may be larger. */
export const allocationLimit: readonly string[] = ['-max_alloc', String(MAX_ALLOC_BYTES)];
