-- Pay over four calendar quarters from `first` on.
CREATE OR REPLACE TEMP MACRO year_pay(k, first, entered, placed, ability, frailty, bonus) AS
    pay(k, first, entered, placed, ability, frailty, bonus)
    + pay(k, first + 1, entered, placed, ability, frailty, bonus)
    + pay(k, first + 2, entered, placed, ability, frailty, bonus)
    + pay(k, first + 3, entered, placed, ability, frailty, bonus)
