/** A photograph that encoders are distilled on, in a Debian package. */
export interface PhotographSource {
  readonly package: string;
  /** Within the package. */
  readonly path: string;
  readonly sha256: string;
  readonly author: string;
  readonly licence:
    | 'CC0-1.0'
    | 'CC-BY-4.0'
    | 'CC-BY-SA-3.0'
    | 'CC-BY-SA-4.0'
    | 'public domain'
    | 'no known restrictions';
}

type Row = readonly [file: string, sha256: string, author: string, licence: PhotographSource['licence']];

const inFolder = (name: string, folder: string, rows: readonly Row[]): PhotographSource[] =>
  rows.map(([file, sha256, author, licence]) => ({
    package: name,
    path: `${folder}/${file}`,
    sha256,
    author,
    licence,
  }));

/**
 * What their packages' copyright files and scikit-image's documentation say. Pictures in these packages that are drawn or
 * rendered are left out, and so are photographs with little in them.
 */
export const PHOTOGRAPHS: readonly PhotographSource[] = [
  ...inFolder('lomiri-wallpapers-16.04', 'usr/share/backgrounds', [
    [
      'Bridge_by_Sander_Klootwijk.jpg',
      'bd86b081f9975e2b83527f71e49b9271a8ab40885428395969d9f7d834d7f050',
      'Sander Klootwijk',
      'CC-BY-SA-4.0',
    ],
    [
      'Dragonfly_by_Bolly.jpg',
      'af5af17841009732def24b09bb1e669a1b09d2b4bdeee7812c371101c30d2bb3',
      'Bolly',
      'CC-BY-SA-4.0',
    ],
    [
      'Picture_0B_by_freespace.jpg',
      'c8c0ab18e48d9e0419fe42881112137f3afafc27dfddc29ec3a6d54c56d225ad',
      'Trevor "Freespace"',
      'CC-BY-4.0',
    ],
    [
      'Picture_1A_by_freespace.jpg',
      '89e86af38d04daaef975665dc2127e9fa76f0fd68f4eea105a2d0ae3390b010b',
      'Trevor "Freespace"',
      'CC-BY-4.0',
    ],
    [
      'Wine_by_Jakkub_Mede.jpg',
      'd2e96e6d4da40dd804b3d0ce295e94de04a2d7d9b6785d42cd9d92ba58bced74',
      'Jakub Mede',
      'CC-BY-4.0',
    ],
    [
      'aitzgorri_by_Aitzol_Berasategi.jpg',
      '66268e7b48f8854d36a28765fac6e23ec1aee251daa6da1f64715f201020ad36',
      'Aitzol Berasategi',
      'CC-BY-4.0',
    ],
    [
      'friends_by_Aitzol_Berasategi.jpg',
      'cc40e313c74e421edffe3403def413c16878ce14661cce7ec5915baeab35538d',
      'Aitzol Berasategi',
      'CC-BY-4.0',
    ],
    [
      'greentock_by_Peter_Nerlich.jpg',
      'e7b20e2db9dcd6e2b278ca55873c2110b35d89cd38b04d0b18728726888e6889',
      'Peter Nerlich',
      'CC-BY-SA-4.0',
    ],
    [
      'life_by_Aitzol_Berasategi.jpg',
      '4c119350ead80201fe256850c3d316309ddfb4bdf10b235ce982dcde0c667c05',
      'Aitzol Berasategi',
      'CC-BY-4.0',
    ],
    [
      'picosdeeuropa_by_Aitzol_Berasategi.jpg',
      '414d0072b2f6f2c555deafeaef6e45c4fed6fa9ad26eba6560ca8803959cf97a',
      'Aitzol Berasategi',
      'CC-BY-4.0',
    ],
    [
      'seeding_by_Clements_Engelhardt.jpg',
      'a5634d1ab5e41a3568e92d4a894a500c92b891f9ff734e50bd224d6e185a605f',
      'Clemens Engelhardt',
      'CC0-1.0',
    ],
  ]),
  ...inFolder('lomiri-wallpapers-20.04', 'usr/share/backgrounds', [
    [
      'Kleiber_by_Lukas_Baubkus.jpg',
      '6572410c09f4492c74ccadde133565a14c0161617d5917d4c820c66d65a44ba7',
      'Lukas Baubkus',
      'CC-BY-SA-3.0',
    ],
  ]),
  ...inFolder('python3-skimage', 'usr/lib/python3/dist-packages/skimage/data', [
    [
      'astronaut.png',
      '88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5',
      'NASA',
      'public domain',
    ],
    [
      'brick.png',
      '7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf',
      'CC0Textures',
      'CC0-1.0',
    ],
    [
      'chelsea.png',
      '596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb',
      'Stefan van der Walt',
      'CC0-1.0',
    ],
    [
      'coffee.png',
      'cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7',
      'Rachel Michetti',
      'CC0-1.0',
    ],
    [
      'coins.png',
      'f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba',
      'Brooklyn Museum',
      'no known restrictions',
    ],
    [
      'grass.png',
      'b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89',
      'linolafett',
      'CC0-1.0',
    ],
    [
      'gravel.png',
      'c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12',
      'CC0Textures',
      'CC0-1.0',
    ],
  ]),
];
