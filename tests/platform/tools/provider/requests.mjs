// Reading what is sent, and answering.

const LARGEST = 64 * 1024;

const body = async (request) => {
  let text = '';
  for await (const part of request) {
    text += part;
    if (text.length > LARGEST) throw new Error('the request is too large');
  }
  return text;
};

/** The fields of a form. */
export const form = async (request) => new URLSearchParams(await body(request));

/** A JSON object. */
export const json = async (request) => JSON.parse(await body(request));

/** Answers with a page. */
export const html = (response, text, status = 200) => {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(text);
};

/** Answers with JSON. */
export const answer = (response, value, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
};
