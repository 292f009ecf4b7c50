/** Written with a capital letter, and no names of things: days and seasons, tongues, units, and what frames a request. */
export const NO_NAMES: ReadonlySet<string> = new Set(
  `monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november
  december today tomorrow yesterday tonight now spring summer autumn fall winter christmas easter
  arabic bengali chinese czech danish dutch english finnish french german greek hebrew hindi hungarian indonesian italian japanese korean
  mandarin norwegian persian polish portuguese romanian russian spanish swedish thai turkish ukrainian vietnamese
  american british european asian african celsius fahrenheit kelvin metric imperial thanks except excluding versus vs none nothing
  everything anything ascending descending asc desc am pm utc gmt km mi kg lb lbs json csv xml`.split(/\s+/),
)
