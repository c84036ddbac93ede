SET search_path = "sales", "public";
