
BprobabilitiesJ(%U$9ηJό;½/s4<=7ζ
R>ϋ5H9¦ξ¶>VY7ριΫ>ΞuΑ3