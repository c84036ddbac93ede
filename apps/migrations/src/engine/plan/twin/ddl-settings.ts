/** Settings under which the catalog's expressions are read again as they were printed (read-catalog.ts). */
export const ddlSettings: Readonly<Record<string, string>> = {
  search_path: '',
  check_function_bodies: 'off',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  xmloption: 'content',
  default_tablespace: '',
  default_table_access_method: 'heap',
}
