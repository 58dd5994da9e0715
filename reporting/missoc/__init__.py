"""What only MISSOC knows: tables of text by country and category, their editions and the amounts in them."""
