import { describe, expect, it } from 'vitest'
import { stemWord, tokenize } from '../../src/catalog/tokenize.ts'

describe('words of a name', () => {
  it.each([
    ['getForensicReport', ['get', 'forensic', 'report']],
    ['get_current_weather', ['get', 'current', 'weather']],
    ['weather-tool.v2', ['weather', 'tool', 'v', '2']],
    ['HTTPServerError', ['http', 'server', 'error']],
    ['convertMP3to4K', ['convert', 'mp', '3', 'to', '4', 'k']],
    ['api.users/list', ['api', 'user', 'list']],
    ['', []],
    ['--- ...', []],
  ])('%s', (text, words) => {
    expect(tokenize(text)).toEqual(words)
  })

  it('in other scripts are found too: accents folded, texts without spaces as pairs', () => {
    expect(tokenize('Café naïveté')).toEqual(tokenize('cafe naivete'))
    expect(tokenize('größeÄndern')).toEqual(['groß', 'andern'])
    expect(tokenize('получитьПогоду')).toEqual(['получить', 'погоду'])
    expect(tokenize('天气预报')).toEqual(['天气', '气预', '预报'])
    expect(tokenize('雨')).toEqual(['雨'])
  })
})

describe('forms of one word', () => {
  it.each([
    ['report', 'reports', 'reported', 'reporting'],
    ['create', 'creates', 'created', 'creating'],
    ['run', 'runs', 'running'],
    ['plan', 'plans', 'planned', 'planning'],
    ['city', 'cities'],
    ['box', 'boxes'],
    ['search', 'searches', 'searched', 'searching'],
    ['price', 'prices', 'priced', 'pricing'],
    ['address', 'addresses'],
  ])('meet: %s', (...forms) => {
    expect(new Set(forms.map(stemWord)).size).toBe(1)
  })

  it.each([
    ['status', 'state'],
    ['string', 'strong'],
    ['bus', 'bu'],
    ['red', 'r'],
    ['news', 'new york'],
  ])('do not meet by chance: %s and %s', (a, b) => {
    expect(stemWord(a)).not.toBe(stemWord(b))
  })
})
