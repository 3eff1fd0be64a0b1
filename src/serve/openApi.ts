import { LIMITS, type ServeLimits } from './limits.ts';
import { MAP_FORMS } from './maps.ts';

const json = (schema: object) => ({ 'application/json': { schema } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const answer = (description: string, name: string) => ({ description, content: json(ref(name)) });
const orNull = (type: string, description: string) => ({ type: [type, 'null'], description });
const image = { type: 'string', format: 'binary' };

/** The OpenAPI document of a server with these limits. */
export const openApi = (version: string, limits: ServeLimits = LIMITS): object => ({
  openapi: '3.1.0',
  info: {
    title: 'wgad serve',
    version,
    description: `Judges images by trained runs. A body has at most ${limits.bytes} bytes and ${limits.images} images of at most ${limits.pixels} pixels, and has to arrive within ${limits.seconds} s.`,
    license: { name: 'MIT', identifier: 'MIT' },
  },
  security: [{}, { token: [] }],
  paths: {
    '/v1/predict': {
      post: {
        operationId: 'predict',
        summary: 'Judge one image (raw) or several (multipart)',
        parameters: [
          {
            name: 'run',
            in: 'query',
            description: 'Name of the run; required where several are served',
            schema: { type: 'string' },
          },
          {
            name: 'map',
            in: 'query',
            description:
              'Send the map too: in colours (png), over the image (overlay), or as float32, little-endian (raw)',
            schema: { type: 'string', enum: MAP_FORMS },
          },
        ],
        requestBody: {
          required: true,
          content: {
            'image/*': { schema: image },
            'application/octet-stream': { schema: image },
            'multipart/form-data': {
              schema: { type: 'object', properties: { image: { type: 'array', items: image } } },
            },
          },
        },
        responses: {
          200: answer(
            'A result for each image, in their order; of one that cannot be read its error',
            'Judged',
          ),
          400: answer('Not understood, or cut short', 'Refused'),
          401: answer('The token is missing, or another', 'Refused'),
          404: answer('There is no such run', 'Refused'),
          408: answer('It did not arrive in time', 'Refused'),
          413: answer('Too many bytes or images', 'Refused'),
          415: answer('Neither an image nor a form', 'Refused'),
          422: answer('None of the images can be read', 'Judged'),
          500: answer('A fault of the server', 'Refused'),
          503: {
            ...answer('Too much is under way, or the device is gone: come again', 'Refused'),
            headers: { 'retry-after': { description: 'Seconds', schema: { type: 'integer' } } },
          },
        },
      },
    },
    '/v1/runs': {
      get: {
        operationId: 'runs',
        summary: 'The runs that are served',
        responses: {
          200: { description: 'Their names, weights, thresholds and adapters', content: json({}) },
        },
      },
    },
    '/healthz': {
      get: {
        operationId: 'healthz',
        summary: 'The process lives',
        responses: { 200: { description: 'Yes' } },
      },
    },
    '/readyz': {
      get: {
        operationId: 'readyz',
        summary: 'All runs are open',
        responses: { 200: { description: 'Yes' }, 503: { description: 'Not yet, or a device is gone' } },
      },
    },
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'Metrics for Prometheus',
        responses: { 200: { description: 'As text', content: { 'text/plain': {} } } },
      },
    },
    '/openapi.json': {
      get: {
        operationId: 'openapi',
        summary: 'This document',
        responses: { 200: { description: 'OpenAPI 3.1' } },
      },
    },
    '/': {
      get: { operationId: 'page', summary: 'A page to try it', responses: { 200: { description: 'HTML' } } },
    },
  },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    schemas: {
      Judged: {
        type: 'object',
        required: ['run', 'weights', 'results'],
        properties: {
          run: { type: 'string' },
          weights: { type: 'string', description: 'SHA-256 of the weights that judged' },
          results: { type: 'array', items: { anyOf: [ref('Result'), ref('Unread')] } },
        },
      },
      Result: {
        type: 'object',
        required: ['name', 'score', 'calibrated', 'verdict', 'u_hat', 'gamma_hat', 'u', 'unfamiliar', 'ms'],
        properties: {
          name: { type: 'string' },
          score: { type: 'number', description: 'Without alignment' },
          calibrated: { type: 'number', description: 'What the threshold is compared with' },
          verdict: {
            enum: ['anomalous', 'normal', null],
            description: 'Null where the run has no threshold',
          },
          u_hat: orNull('number', 'Predicted mean of the map'),
          gamma_hat: orNull('number', 'Predicted maximum, or deviation, of the map'),
          u: { type: 'number', description: 'Mean of the map' },
          unfamiliar: orNull('boolean', 'Whether the image is unlike all that the run was trained on'),
          ms: { type: 'number', description: 'Milliseconds from the image’s arrival to its verdict' },
          map: ref('Map'),
        },
      },
      Unread: {
        type: 'object',
        required: ['name', 'error'],
        properties: { name: { type: 'string' }, error: ref('Error') },
      },
      Map: {
        type: 'object',
        properties: {
          form: { enum: MAP_FORMS },
          type: { type: 'string' },
          width: { type: 'integer' },
          height: { type: 'integer' },
          data: { type: 'string', contentEncoding: 'base64' },
        },
      },
      Refused: { type: 'object', required: ['error'], properties: { error: ref('Error') } },
      Error: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
});
