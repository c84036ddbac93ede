VACUUM "order";
