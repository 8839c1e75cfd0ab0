/** A TLS connection that cannot be made until the user changes something. */
export interface TlsProblem {
  problem: string;
  fix: string;
}

const checkUrl = 'check the base URL';
const nameClientFiles = 'name its PEM files with clientCert (--client-cert) and clientKey (--client-key)';

/** By the codes of Node and OpenSSL; the first row that matches counts. */
const problems: [codes: RegExp, TlsProblem][] = [
  [
    /^CERT_HAS_EXPIRED$/,
    {
      problem: 'its certificate has expired',
      fix: 'renew the certificate of the server; check the clock of this machine',
    },
  ],
  [/^CERT_NOT_YET_VALID$/, { problem: 'its certificate is not valid yet', fix: 'check the clock of this machine' }],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$|^HOSTNAME_MISMATCH$/,
    { problem: 'its certificate is for another host name', fix: 'use a host name of the certificate in the base URL' },
  ],
  [
    /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|ERR_TLS_CERT)/,
    {
      problem: 'its certificate is signed by an authority that is not known here',
      fix: `if it is your own, set NODE_EXTRA_CA_CERTS to the path of a PEM file with the certificate of the authority; else ${checkUrl}`,
    },
  ],
  [
    /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE))$/,
    { problem: 'it does not use TLS at this port', fix: 'begin the base URL with http://, or use the port for https' },
  ],
  [
    /^ERR_SSL_\w*CERTIFICATE_REQUIRED$/,
    { problem: 'it requires a client certificate, and none was sent', fix: nameClientFiles },
  ],
  [
    /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)$/,
    {
      problem: 'it refused the client certificate',
      fix: `${nameClientFiles}, of an authority that the server trusts`,
    },
  ],
  [
    /^ERR_SSL_.*ALERT_HANDSHAKE_FAILURE$/,
    {
      problem: 'it refused the TLS connection',
      fix: `${checkUrl}; if the server requires a client certificate, ${nameClientFiles}`,
    },
  ],
];

/** Returns the problem and its fix, by the code of a network error; undefined if the code says nothing of the kind. */
export function tlsProblem(code: string): TlsProblem | undefined {
  return problems.find(([codes]) => codes.test(code))?.[1];
}

/** Answers of servers and proxies to a connection of the wrong kind. */
const answers: [words: RegExp, TlsProblem][] = [
  [
    /plain HTTP request was sent to HTTPS|HTTP request to an HTTPS server|speaking plain HTTP to an SSL/i,
    { problem: 'it expects https at this port', fix: 'begin the base URL with https://' },
  ],
  [
    /no required SSL certificate/i,
    { problem: 'it requires a client certificate, and none was sent', fix: nameClientFiles },
  ],
  [/the SSL certificate error/i, { problem: 'it refused the client certificate', fix: nameClientFiles }],
];

/** Returns the problem that the message of an answer reports; undefined if it reports none of this kind. */
export function tlsProblemOfAnswer(message: string): TlsProblem | undefined {
  return answers.find(([words]) => words.test(message))?.[1];
}
