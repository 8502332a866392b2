//! Where people live.

use vouchsafe_scan::class::Class;

use super::Record;
use crate::text::{Label, Text};

/// The words of places that a set draws from.
#[derive(Debug)]
pub(crate) struct Places {
    /// City, state, first three digits of the ZIP code, county.
    pub(crate) cities: &'static [(&'static str, &'static str, &'static str, &'static str)],
    /// Names of streets.
    pub(crate) streets: &'static [&'static str],
}

/// Places of the tuning set.
pub(crate) const TUNING: Places = Places {
    cities: &[
        ("Duluth", "MN", "558", "St. Louis County"),
        ("Savannah", "GA", "314", "Chatham County"),
        ("Tacoma", "WA", "984", "Pierce County"),
        ("Dayton", "OH", "454", "Montgomery County"),
        ("Fresno", "CA", "937", "Fresno County"),
        ("Lubbock", "TX", "794", "Lubbock County"),
        ("Erie", "PA", "165", "Erie County"),
        ("Boise", "ID", "837", "Ada County"),
        ("Sioux Falls", "SD", "571", "Minnehaha County"),
        ("Baton Rouge", "LA", "708", "East Baton Rouge Parish"),
        ("Chattanooga", "TN", "374", "Hamilton County"),
        ("Santa Fe", "NM", "875", "Santa Fe County"),
        ("Worcester", "MA", "016", "Worcester County"),
        ("Kalamazoo", "MI", "490", "Kalamazoo County"),
        ("Topeka", "KS", "666", "Shawnee County"),
        ("Fort Wayne", "IN", "468", "Allen County"),
        ("Bakersfield", "CA", "933", "Kern County"),
        ("Mankato", "MN", "560", "Blue Earth County"),
        ("Coral Springs", "FL", "330", "Broward County"),
        ("Bend", "OR", "977", "Deschutes County"),
        ("Missoula", "MT", "598", "Missoula County"),
        ("Ann Arbor", "MI", "481", "Washtenaw County"),
        ("Durham", "NC", "277", "Durham County"),
        ("Eau Claire", "WI", "547", "Eau Claire County"),
        ("Corpus Christi", "TX", "784", "Nueces County"),
        ("Flagstaff", "AZ", "860", "Coconino County"),
        ("Modesto", "CA", "953", "Stanislaus County"),
        ("Scranton", "PA", "185", "Lackawanna County"),
        ("Shreveport", "LA", "711", "Caddo Parish"),
        ("Spokane", "WA", "992", "Spokane County"),
        ("Toledo", "OH", "436", "Lucas County"),
        ("Rochester", "NY", "146", "Monroe County"),
        ("Columbia", "SC", "292", "Richland County"),
        ("Grand Forks", "ND", "582", "Grand Forks County"),
        ("Pueblo", "CO", "810", "Pueblo County"),
        ("Hialeah", "FL", "330", "Miami-Dade County"),
        ("Iowa City", "IA", "522", "Johnson County"),
        ("Bridgeport", "CT", "066", "Fairfield County"),
        ("Knoxville", "TN", "379", "Knox County"),
        ("Hilo", "HI", "967", "Hawaii County"),
        ("Eugene", "OR", "974", "Lane County"),
        ("Springfield", "MO", "658", "Greene County"),
        ("Gallup", "NM", "873", "McKinley County"),
        ("Fall River", "MA", "027", "Bristol County"),
    ],
    streets: &[
        "Maple",
        "Oak Hill",
        "Washington",
        "Lakeview",
        "Cedar",
        "Sunset",
        "Church",
        "River",
        "Jefferson",
        "Elm",
        "Highland",
        "Prairie",
        "Meadow Lark",
        "Martin Luther King",
        "2nd",
        "14th",
        "Pine Ridge",
        "Franklin",
        "County Road 12",
        "Willow Bend",
        "Birch",
        "Lincoln",
        "Mill Creek",
        "Chestnut",
        "Peachtree",
        "Main",
        "Park",
        "Vine",
        "Orchard",
        "Spruce",
        "Quail Run",
        "Kings",
        "Bayshore",
        "Monroe",
        "5th",
        "38th",
        "Stagecoach",
        "Wisteria",
        "Old Post",
        "Cesar Chavez",
        "Hickory Hollow",
        "Tamarack",
        "Canyon Crest",
        "Magnolia",
    ],
};

/// Places of the figures.
pub(crate) const FIGURES: Places = Places {
    cities: &[
        ("Bozeman", "MT", "597", "Gallatin County"),
        ("Chapel Hill", "NC", "275", "Orange County"),
        ("La Crosse", "WI", "546", "La Crosse County"),
        ("Amarillo", "TX", "791", "Potter County"),
        ("Yuma", "AZ", "853", "Yuma County"),
        ("Redding", "CA", "960", "Shasta County"),
        ("Altoona", "PA", "166", "Blair County"),
        ("Lake Charles", "LA", "706", "Calcasieu Parish"),
        ("Walla Walla", "WA", "993", "Walla Walla County"),
        ("Youngstown", "OH", "445", "Mahoning County"),
        ("Utica", "NY", "135", "Oneida County"),
        ("Greenville", "SC", "296", "Pickens County"),
        ("Minot", "ND", "587", "Ward County"),
        ("Grand Junction", "CO", "815", "Mesa County"),
        ("Ocala", "FL", "344", "Marion County"),
        ("Dubuque", "IA", "520", "Dubuque County"),
        ("New Haven", "CT", "065", "New Haven County"),
        ("Johnson City", "TN", "376", "Washington County"),
        ("Kailua-Kona", "HI", "967", "Hawaii County"),
        ("Medford", "OR", "975", "Jackson County"),
        ("Joplin", "MO", "648", "Jasper County"),
        ("Roswell", "NM", "882", "Chaves County"),
        ("Pittsfield", "MA", "012", "Berkshire County"),
        ("Ketchikan", "AK", "999", "Ketchikan Gateway Borough"),
        ("Paducah", "KY", "420", "McCracken County"),
        ("Tuscaloosa", "AL", "354", "Tuscaloosa County"),
    ],
    streets: &[
        "Sycamore",
        "Dogwood",
        "Roosevelt",
        "Fox Hollow",
        "Laurel",
        "Market",
        "Front",
        "Cherry Blossom",
        "Union",
        "Juniper",
        "Heron Point",
        "Queens",
        "Harbor",
        "Madison",
        "9th",
        "112th",
        "Wagon Wheel",
        "Azalea",
        "State Route 7",
        "Rosa Parks",
        "Sleepy Hollow",
        "Cottonwood",
        "Mesa Verde",
        "Hawthorne",
        "Old Mill",
        "Bluebonnet",
    ],
};

/// Places of the third set.
pub(crate) const THIRD: Places = Places {
    cities: &[
        ("Bismarck", "ND", "585", "Burleigh County"),
        ("Asheville", "NC", "288", "Buncombe County"),
        ("Oshkosh", "WI", "549", "Winnebago County"),
        ("Waco", "TX", "767", "McLennan County"),
        ("Prescott", "AZ", "863", "Yavapai County"),
        ("Visalia", "CA", "932", "Tulare County"),
        ("Williamsport", "PA", "177", "Lycoming County"),
        ("Lafayette", "LA", "705", "Lafayette Parish"),
        ("Yakima", "WA", "989", "Yakima County"),
        ("Sandusky", "OH", "448", "Erie County"),
        ("Poughkeepsie", "NY", "126", "Dutchess County"),
        ("Spartanburg", "SC", "293", "Spartanburg County"),
        ("Rapid City", "SD", "577", "Pennington County"),
        ("Fort Collins", "CO", "805", "Larimer County"),
        ("Gainesville", "FL", "326", "Alachua County"),
        ("Cedar Rapids", "IA", "524", "Linn County"),
        ("Waterbury", "CT", "067", "New Haven County"),
        ("Murfreesboro", "TN", "371", "Rutherford County"),
        ("Wailuku", "HI", "967", "Maui County"),
        ("Klamath Falls", "OR", "976", "Klamath County"),
        ("Cape Girardeau", "MO", "637", "Cape Girardeau County"),
        ("Las Cruces", "NM", "880", "Doña Ana County"),
        ("New Bedford", "MA", "027", "Bristol County"),
        ("Fairbanks", "AK", "997", "Fairbanks North Star Borough"),
        ("Bowling Green", "KY", "421", "Warren County"),
        ("Huntsville", "AL", "358", "Madison County"),
        ("Brattleboro", "VT", "053", "Windham County"),
        ("Bangor", "ME", "044", "Penobscot County"),
        ("Terre Haute", "IN", "478", "Vigo County"),
        ("Salina", "KS", "674", "Saline County"),
        ("Idaho Falls", "ID", "834", "Bonneville County"),
        ("Hattiesburg", "MS", "394", "Forrest County"),
        ("Staunton", "VA", "244", "Augusta County"),
        ("Wheeling", "WV", "260", "Ohio County"),
        ("Elko", "NV", "898", "Elko County"),
        ("Logan", "UT", "843", "Cache County"),
        ("Casper", "WY", "826", "Natrona County"),
        ("Kearney", "NE", "688", "Buffalo County"),
        ("Muskogee", "OK", "744", "Muskogee County"),
        ("Hot Springs", "AR", "719", "Garland County"),
    ],
    streets: &[
        "Linden",
        "Mulberry",
        "Ridgewood",
        "Cleveland",
        "Buena Vista",
        "Plum Tree",
        "Garfield",
        "Commerce",
        "Timber Creek",
        "Persimmon",
        "Whispering Pines",
        "Adams",
        "Fairview",
        "College",
        "7th",
        "23rd",
        "Larkspur",
        "Saddleback",
        "Fort Laramie",
        "Frederick Douglass",
        "Copperfield",
        "Sandpiper",
        "Aspen",
        "Railroad",
        "Harrison",
        "Coventry",
        "Blue Heron",
        "Old Ferry",
        "Van Buren",
        "Pecan",
        "Telegraph",
        "Rolling Hills",
        "Foxglove",
        "Lafayette",
        "Stonebridge",
        "Cattail",
    ],
};

/// Places of the fourth set.
pub(crate) const FOURTH: Places = Places {
    cities: &[
        ("Great Falls", "MT", "594", "Cascade County"),
        ("Hickory", "NC", "286", "Catawba County"),
        ("Sheboygan", "WI", "530", "Sheboygan County"),
        ("Abilene", "TX", "796", "Taylor County"),
        ("Sierra Vista", "AZ", "856", "Cochise County"),
        ("Santa Maria", "CA", "934", "Santa Barbara County"),
        ("Johnstown", "PA", "159", "Cambria County"),
        ("Houma", "LA", "703", "Terrebonne Parish"),
        ("Wenatchee", "WA", "988", "Chelan County"),
        ("Zanesville", "OH", "437", "Muskingum County"),
        ("Binghamton", "NY", "139", "Broome County"),
        ("Florence", "SC", "295", "Florence County"),
        ("Aberdeen", "SD", "574", "Brown County"),
        ("Greeley", "CO", "806", "Weld County"),
        ("Lakeland", "FL", "338", "Polk County"),
        ("Council Bluffs", "IA", "515", "Pottawattamie County"),
        ("Norwich", "CT", "063", "New London County"),
        ("Cookeville", "TN", "385", "Putnam County"),
        ("Lihue", "HI", "967", "Kauai County"),
        ("Roseburg", "OR", "974", "Douglas County"),
        ("Sedalia", "MO", "653", "Pettis County"),
        ("Farmington", "NM", "874", "San Juan County"),
        ("Barnstable", "MA", "026", "Barnstable County"),
        ("Palmer", "AK", "996", "Matanuska-Susitna Borough"),
        ("Owensboro", "KY", "423", "Daviess County"),
        ("Dothan", "AL", "363", "Houston County"),
        ("Rutland", "VT", "057", "Rutland County"),
        ("Lewiston", "ME", "042", "Androscoggin County"),
        ("Kokomo", "IN", "469", "Howard County"),
        ("Dodge City", "KS", "678", "Ford County"),
        ("Twin Falls", "ID", "833", "Twin Falls County"),
        ("Tupelo", "MS", "388", "Lee County"),
        ("Lynchburg", "VA", "245", "Campbell County"),
        ("Parkersburg", "WV", "261", "Wood County"),
        ("Winnemucca", "NV", "894", "Humboldt County"),
        ("St. George", "UT", "847", "Washington County"),
        ("Cheyenne", "WY", "820", "Laramie County"),
        ("North Platte", "NE", "691", "Lincoln County"),
        ("Ardmore", "OK", "734", "Carter County"),
        ("Jonesboro", "AR", "724", "Craighead County"),
        ("Valdosta", "GA", "316", "Lowndes County"),
        ("St. Cloud", "MN", "563", "Stearns County"),
        ("Traverse City", "MI", "496", "Grand Traverse County"),
        ("Vineland", "NJ", "083", "Cumberland County"),
        ("Salisbury", "MD", "218", "Wicomico County"),
        ("Peoria", "IL", "616", "Peoria County"),
    ],
    streets: &[
        "Poplar",
        "Catalpa",
        "Grandview",
        "Taylor",
        "Monte Vista",
        "Crabapple",
        "McKinley",
        "Industrial",
        "Sugar Creek",
        "Hackberry",
        "Windy Ridge",
        "Jackson",
        "Valley View",
        "Seminary",
        "6th",
        "31st",
        "Goldenrod",
        "Arrowhead",
        "Fort Apache",
        "Harriet Tubman",
        "Canterbury",
        "Pelican",
        "Redbud",
        "Depot",
        "Fillmore",
        "Wellington",
        "Osprey",
        "Old Quarry",
        "Coolidge",
        "Walnut",
        "Turnpike",
        "Shady Grove",
        "Snapdragon",
        "Pulaski",
        "Millstone",
        "Bulrush",
        "County Road 240",
        "Farm to Market 1187",
    ],
};

impl Record<'_> {
    /// A place of a person. States are neither to be found nor wrong to find.
    pub(super) fn place(&mut self, key: &str, form: Option<&str>, person: usize) -> Option<Text> {
        let cities = self.world.places.cities;
        let at = self.fact("city", person, |random| {
            random.below(cities.len()).to_string()
        });
        let (city, state, zip, county) = cities.get(at.parse::<usize>().ok()?).copied()?;
        let (form, text) = match key {
            "city" => ("city".to_owned(), city.to_owned()),
            "county" => ("county".to_owned(), county.to_owned()),
            "state" => return Some(Text::labelled(state, Label::neutral())),
            "zip" => {
                let form = self.form(form, &["five", "five", "nine"]);
                let five = self.fact("zip", person, |random| random.shape(&format!("{zip}##")));
                let nine = if form == "nine" {
                    self.random.shape("-####")
                } else {
                    String::new()
                };
                (format!("zip:{form}"), format!("{five}{nine}"))
            }
            "street" => {
                let form = self.form(form, &["house", "house", "house", "flat", "box"]);
                (format!("street:{form}"), self.street(form)?)
            }
            "postcode" => (
                "postcode".to_owned(),
                self.random.shape_of(&["^^%# #^^", "^%# #^^", "^% #^^"]),
            ),
            "lat" => (
                "latitude".to_owned(),
                format!("{}.{}", self.random.between(25, 48), self.random.digits(6)),
            ),
            "lon" => (
                "longitude".to_owned(),
                format!(
                    "-{}.{}",
                    self.random.between(68, 123),
                    self.random.digits(6)
                ),
            ),
            "address" => return self.address(person),
            _ => return None,
        };
        Some(Text::labelled(text, Label::new(Class::Geography, &form)))
    }

    fn street(&mut self, form: &str) -> Option<String> {
        const KINDS: [&str; 9] = [
            "St", "Street", "Ave", "Avenue", "Rd", "Blvd", "Ln", "Dr", "Ct",
        ];
        let name = self.random.pick(self.world.places.streets);
        let kind = self.random.pick(&KINDS);
        let side = self.random.pick(&["", "", "", "N ", "SW "]);
        let house = self.random.between(12, 9_800);
        Some(match form {
            "house" => format!("{house} {side}{name} {kind}"),
            "flat" => format!(
                "{house} {name} {kind} Apt {}",
                self.random.shape_of(&["#^", "%##", "%"])
            ),
            "box" => format!("P.O. Box {}", self.random.between(11, 9_999)),
            _ => return None,
        })
    }

    fn address(&mut self, person: usize) -> Option<Text> {
        let mut text = self.place("street", None, person)?;
        for (between, key, form) in [
            (", ", "city", None),
            (", ", "state", None),
            (" ", "zip", Some("five")),
        ] {
            text.push_str(between);
            text.push(self.place(key, form, person)?);
        }
        Some(text)
    }
}
