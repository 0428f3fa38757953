/** The command that goes on with a damaged film, ready to be typed whatever the file is called. */
export const acceptDamagedCommand = (path: string): string =>
  `./prepare-job.sh --media '${path.replaceAll("'", "'\\''")}' --accept-damaged`;
