// Small inventories, written for one test: rows of seats, a standing area, ticket types.
import fs from 'node:fs';
import path from 'node:path';
import { temporaryDirectory } from './stanchion.mjs';

export const TYPED_PRICES = `category,type,price,currency,color
Front,Adult,79.00,EUR,#0072b2
Front,Reduced,39.50,EUR,
Front,Child,0,EUR,
Back,,20.00,EUR,#d55e00
Floor,Adult,45.00,EUR,#009e73
Floor,Reduced,30.00,EUR,
`;

// Seats 0 to 9 are Front, 10 to 19 Back; the places from 20 on are the area "Floor".
export const TYPED_SEATS = `section,row,seat_from,seat_to,category,flags,capacity
Stalls,A,1,9,Front,,
Stalls,A,10,10,Front,accessible,
Stalls,B,1,10,Back,,
Floor,,,,Floor,standing,6
`;

// A directory for `event load`, written anew: give `directory` to change what lies there.
export function writeHall({ seats = TYPED_SEATS, prices = TYPED_PRICES, ini = '', directory = temporaryDirectory() } = {}) {
  fs.writeFileSync(path.join(directory, 'seats.csv'), seats);
  fs.writeFileSync(path.join(directory, 'prices.csv'), prices);
  fs.writeFileSync(path.join(directory, 'event.ini'), `name = Small Hall\ncurrency = EUR\n${ini}`);
  return directory;
}

// A hall of so many seats in sections of 20 rows of 25, three prices from front to back: its file for `event load`.
export function writeRows(count) {
  const file = path.join(temporaryDirectory(), 'hall.csv');
  const lines = ['section,row,seat_from,seat_to,category,price,currency'];
  for (let row = 0; row < count / 25; row++) {
    const third = Math.floor(3 * row * 25 / count);
    lines.push(`${100 + Math.floor(row / 20)},${row % 20 + 1},1,25,${['Front', 'Middle', 'Back'][third]},${[120, 80, 50][third]}.00,EUR`);
  }
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
