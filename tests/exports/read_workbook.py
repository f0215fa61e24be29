"""Tells as JSON what an independent reader finds in a workbook: each sheet's cells, row by row.

usage: read_workbook.py FILE [LAST_ROW]
"""

import json
import sys

import openpyxl

workbook = openpyxl.load_workbook(sys.argv[1])
last = int(sys.argv[2]) if len(sys.argv) > 2 else None
sheets = []
for sheet in workbook:
    rows = []
    for row in sheet.iter_rows(max_row=last):
        cells = []
        for cell in row:
            value = cell.value
            if hasattr(value, "strftime"):
                value = value.strftime("%Y-%m-%d")
            cells.append([cell.data_type, "" if value is None else str(value)])
        rows.append(cells)
    choices = {
        str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation
    }
    sheets.append({"title": sheet.title, "rows": rows, "choices": choices})
created = workbook.properties.created
json.dump({"sheets": sheets, "created": created.isoformat()}, sys.stdout)
