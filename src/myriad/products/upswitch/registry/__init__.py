"""Company registers: who a company is, where it stands, what it does.

`kbo` loads the open data of the Belgian Crossroads Bank for Enterprises (KBO/BCE). Numbers and
activity codes have their rules in `numbers` and `nace`, which know no database.
"""
