export { type PlacesBatch, placesBatch } from './places.ts';
