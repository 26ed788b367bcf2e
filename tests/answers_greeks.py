"""What a terminal answers to the operations of implied volatilities and Greeks.

As in `tests.answers`: written down, not made by the code under test, with
documented figures, in every form. Operations with the same columns give the
same answer.
"""

import datetime as dt

from tests.answer_forms import Answer, at, crlf
from thetatrio import requests, rows

_WRITTEN = {
    answer.request.operation: answer
    for answer in (
        Answer(
            requests.OptionSnapshotGreeksImpliedVolatility,
            [
                rows.OptionImpliedVolatility(
                    "AAPL", dt.date(2026, 1, 16), 275.0, "CALL", at("2025-08-20T15:59:59.805"),
                    1.47, 1.5, 0.2142, -0.0003, at("2025-08-20T16:36:52.257"), 225.74,
                ),
                rows.OptionImpliedVolatility(
                    "AAPL", dt.date(2026, 1, 16), 275.0, "PUT", at("2025-08-20T15:59:59.839"),
                    48.75, 49.7, 0.3106, 0.0, at("2025-08-20T16:37:06.988"), 225.74,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid,ask,implied_vol,iv_error,"
                "underlying_timestamp,underlying_price\n"
                "AAPL,2026-01-16,275.000,CALL,2025-08-20T15:59:59.805,1.47,1.50,0.2142,"
                "-0.0003,2025-08-20T16:36:52.257,225.74\n"
                "AAPL,2026-01-16,275.000,PUT,2025-08-20T15:59:59.839,48.75,49.70,0.3106,"
                "0.0000,2025-08-20T16:37:06.988,225.74\n"
            ),
            ndjson=(
                b'{"expiration":"2026-01-16","bid":1.47,"ask":1.50,"symbol":"AAPL",'
                b'"underlying_price":225.74,"timestamp":"2025-08-20T15:59:59.805",'
                b'"implied_vol":0.2142,"strike":275.000,"iv_error":-0.0003,'
                b'"underlying_timestamp":"2025-08-20T16:36:52.257","right":"CALL"}\n'
                b'{"strike":275.000,"symbol":"AAPL","ask":49.70,'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988","underlying_price":225.74,'
                b'"bid":48.75,"expiration":"2026-01-16","right":"PUT","iv_error":0.0000,'
                b'"timestamp":"2025-08-20T15:59:59.839","implied_vol":0.3106}\n'
            ),
            json=(
                b'{"response":[{"contract":{"expiration":"2026-01-16","symbol":"AAPL",'
                b'"right":"CALL","strike":275.000},"data":[{"bid":1.47,'
                b'"underlying_timestamp":"2025-08-20T16:36:52.257","ask":1.50,'
                b'"timestamp":"2025-08-20T15:59:59.805","implied_vol":0.2142,"iv_error":-0.0003,'
                b'"underlying_price":225.74}]},{"contract":{"right":"PUT",'
                b'"expiration":"2026-01-16","strike":275.000,"symbol":"AAPL"},'
                b'"data":[{"timestamp":"2025-08-20T15:59:59.839","bid":48.75,'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988","iv_error":0.0000,'
                b'"implied_vol":0.3106,"ask":49.70,"underlying_price":225.74}]}]}'
            ),
            columns=(
                b'{"iv_error":[-0.0003,0],"timestamp":["2025-08-20T15:59:59.805",'
                b'"2025-08-20T15:59:59.839"],"underlying_price":[225.74,225.74],"right":["CALL",'
                b'"PUT"],"expiration":["2026-01-16","2026-01-16"],"ask":[1.5,49.7],'
                b'"symbol":["AAPL","AAPL"],"bid":[1.47,48.75],"strike":[275.0,275.0],'
                b'"implied_vol":[0.2142,0.3106],'
                b'"underlying_timestamp":["2025-08-20T16:36:52.257","2025-08-20T16:37:06.988"]}'
            ),
        ),
        Answer(
            requests.OptionSnapshotGreeksSecondOrder,
            [
                rows.OptionGreeksSecondOrder(
                    "AAPL", dt.date(2026, 1, 16), 275.0, "CALL", at("2025-08-20T15:59:59.805"),
                    1.47, 1.5, 0.0059, 1.1833, -0.3716, 212.267, 18.8522, 0.2142, -0.0003,
                    at("2025-08-20T16:37:06.988"), 225.74,
                ),
                rows.OptionGreeksSecondOrder(
                    "AAPL", dt.date(2026, 1, 16), 275.0, "PUT", at("2025-08-20T15:59:59.839"),
                    48.75, 49.7, 0.0064, 0.932, -0.421, 108.3415, 18.2234, 0.3106, 0.0,
                    at("2025-08-20T16:37:06.988"), 225.74,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid,ask,gamma,vanna,charm,vomma,"
                "veta,implied_vol,iv_error,underlying_timestamp,underlying_price\n"
                "AAPL,2026-01-16,275.000,CALL,2025-08-20T15:59:59.805,1.47,1.50,0.0059,1.1833,"
                "-0.3716,212.2670,18.8522,0.2142,-0.0003,2025-08-20T16:37:06.988,225.74\n"
                "AAPL,2026-01-16,275.000,PUT,2025-08-20T15:59:59.839,48.75,49.70,0.0064,"
                "0.9320,-0.4210,108.3415,18.2234,0.3106,0.0000,2025-08-20T16:37:06.988,225.74\n"
            ),
            ndjson=(
                b'{"gamma":0.0059,"right":"CALL","underlying_price":225.74,"symbol":"AAPL",'
                b'"strike":275.000,"expiration":"2026-01-16",'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988","charm":-0.3716,"bid":1.47,'
                b'"veta":18.8522,"vanna":1.1833,"ask":1.50,'
                b'"timestamp":"2025-08-20T15:59:59.805","vomma":212.2670,"implied_vol":0.2142,'
                b'"iv_error":-0.0003}\n'
                b'{"strike":275.000,"veta":18.2234,"bid":48.75,"gamma":0.0064,'
                b'"implied_vol":0.3106,"ask":49.70,"symbol":"AAPL",'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988",'
                b'"timestamp":"2025-08-20T15:59:59.839","right":"PUT",'
                b'"underlying_price":225.74,"expiration":"2026-01-16","iv_error":0.0000,'
                b'"charm":-0.4210,"vanna":0.9320,"vomma":108.3415}\n'
            ),
            json=(
                b'{"response":[{"data":[{"gamma":0.0059,"ask":1.50,"veta":18.8522,'
                b'"implied_vol":0.2142,"charm":-0.3716,'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988","underlying_price":225.74,'
                b'"bid":1.47,"iv_error":-0.0003,"vomma":212.2670,"vanna":1.1833,'
                b'"timestamp":"2025-08-20T15:59:59.805"}],"contract":{"right":"CALL",'
                b'"expiration":"2026-01-16","strike":275.000,"symbol":"AAPL"}},'
                b'{"data":[{"charm":-0.4210,"ask":49.70,"gamma":0.0064,"veta":18.2234,'
                b'"iv_error":0.0000,"vomma":108.3415,'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988","implied_vol":0.3106,'
                b'"bid":48.75,"underlying_price":225.74,"vanna":0.9320,'
                b'"timestamp":"2025-08-20T15:59:59.839"}],"contract":{"strike":275.000,'
                b'"symbol":"AAPL","expiration":"2026-01-16","right":"PUT"}}]}'
            ),
            columns=(
                b'{"vomma":[212.267,108.3415],"expiration":["2026-01-16","2026-01-16"],'
                b'"charm":[-0.3716,-0.421],"iv_error":[-0.0003,0],"gamma":[0.0059,0.0064],'
                b'"underlying_price":[225.74,225.74],"right":["CALL","PUT"],"vanna":[1.1833,'
                b'0.932],"ask":[1.5,49.7],"strike":[275.0,275.0],'
                b'"underlying_timestamp":["2025-08-20T16:37:06.988","2025-08-20T16:37:06.988"],'
                b'"implied_vol":[0.2142,0.3106],"bid":[1.47,48.75],"symbol":["AAPL","AAPL"],'
                b'"veta":[18.8522,18.2234],"timestamp":["2025-08-20T15:59:59.805",'
                b'"2025-08-20T15:59:59.839"]}'
            ),
        ),
        Answer(
            requests.OptionSnapshotGreeksThirdOrder,
            [
                rows.OptionGreeksThirdOrder(
                    "AAPL", dt.date(2026, 1, 16), 275.0, "CALL", at("2025-08-20T15:59:59.805"),
                    1.47, 1.5, 0.0, 0.0, -0.3832, -100.0, 0.2142, -0.0003,
                    at("2025-08-20T16:37:06.988"), 225.74,
                ),
                rows.OptionGreeksThirdOrder(
                    "AAPL", dt.date(2026, 1, 16), 275.0, "PUT", at("2025-08-20T15:59:59.839"),
                    48.75, 49.7, 0.0, 0.0, -1.8378, -100.0, 0.3106, 0.0,
                    at("2025-08-20T16:37:06.988"), 225.74,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid,ask,speed,zomma,color,ultima,"
                "implied_vol,iv_error,underlying_timestamp,underlying_price\n"
                "AAPL,2026-01-16,275.000,CALL,2025-08-20T15:59:59.805,1.47,1.50,0.0000,0.0000,"
                "-0.3832,-100.0000,0.2142,-0.0003,2025-08-20T16:37:06.988,225.74\n"
                "AAPL,2026-01-16,275.000,PUT,2025-08-20T15:59:59.839,48.75,49.70,0.0000,"
                "0.0000,-1.8378,-100.0000,0.3106,0.0000,2025-08-20T16:37:06.988,225.74\n"
            ),
            ndjson=(
                b'{"underlying_timestamp":"2025-08-20T16:37:06.988","expiration":"2026-01-16",'
                b'"symbol":"AAPL","bid":1.47,"zomma":0.0000,"strike":275.000,"speed":0.0000,'
                b'"color":-0.3832,"underlying_price":225.74,'
                b'"timestamp":"2025-08-20T15:59:59.805","right":"CALL","iv_error":-0.0003,'
                b'"implied_vol":0.2142,"ultima":-100.0000,"ask":1.50}\n'
                b'{"speed":0.0000,"timestamp":"2025-08-20T15:59:59.839",'
                b'"expiration":"2026-01-16","right":"PUT","zomma":0.0000,"implied_vol":0.3106,'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988","iv_error":0.0000,'
                b'"strike":275.000,"ultima":-100.0000,"underlying_price":225.74,"ask":49.70,'
                b'"symbol":"AAPL","bid":48.75,"color":-1.8378}\n'
            ),
            json=(
                b'{"response":[{"contract":{"symbol":"AAPL","strike":275.000,'
                b'"expiration":"2026-01-16","right":"CALL"},"data":[{"implied_vol":0.2142,'
                b'"bid":1.47,"zomma":0.0000,"color":-0.3832,"speed":0.0000,"ultima":-100.0000,'
                b'"ask":1.50,"iv_error":-0.0003,"underlying_price":225.74,'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988",'
                b'"timestamp":"2025-08-20T15:59:59.805"}]},{"data":[{"ask":49.70,'
                b'"color":-1.8378,"speed":0.0000,"bid":48.75,"iv_error":0.0000,'
                b'"implied_vol":0.3106,"timestamp":"2025-08-20T15:59:59.839","ultima":-100.0000,'
                b'"underlying_price":225.74,"zomma":0.0000,'
                b'"underlying_timestamp":"2025-08-20T16:37:06.988"}],'
                b'"contract":{"symbol":"AAPL","right":"PUT","expiration":"2026-01-16",'
                b'"strike":275.000}}]}'
            ),
            columns=(
                b'{"color":[-0.3832,-1.8378],"symbol":["AAPL","AAPL"],'
                b'"underlying_timestamp":["2025-08-20T16:37:06.988","2025-08-20T16:37:06.988"],'
                b'"speed":[0,0],"iv_error":[-0.0003,0],"implied_vol":[0.2142,0.3106],'
                b'"underlying_price":[225.74,225.74],"zomma":[0,0],"expiration":["2026-01-16",'
                b'"2026-01-16"],"ask":[1.5,49.7],"ultima":[-100.0,-100.0],"strike":[275.0,'
                b'275.0],"bid":[1.47,48.75],"right":["CALL","PUT"],'
                b'"timestamp":["2025-08-20T15:59:59.805","2025-08-20T15:59:59.839"]}'
            ),
        ),
        Answer(
            requests.OptionHistoryGreeksEod,
            [
                rows.OptionGreeksEod(
                    "AAPL", dt.date(2024, 11, 8), 220.0, "CALL", at("2024-11-04T15:59:59.828"),
                    3.9, 4.85, 3.35, 4.15, 7425, 1511, 9, 11, 4.1, 50, 12, 5, 4.25, 50, 0.6083,
                    -0.3892, 8.9221, 1.4334, -1.4791, 32.3623, 0.0495, -0.2765, 3.6779, 1.7667,
                    0.0149, 0.0, 0.0, 0.0, -0.0163, -15.6407, 0.275, 0.2401, -0.5945, 0.0, 0.3334,
                    0.0001, at("2024-11-04T17:15:28.71"), 221.87,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,open,high,low,close,volume,count,"
                "bid_size,bid_exchange,bid,bid_condition,ask_size,ask_exchange,ask,"
                "ask_condition,delta,theta,vega,rho,epsilon,lambda,gamma,vanna,charm,vomma,"
                "veta,vera,speed,zomma,color,ultima,d1,d2,dual_delta,dual_gamma,implied_vol,"
                "iv_error,underlying_timestamp,underlying_price\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T15:59:59.828,3.90,4.85,3.35,4.15,"
                "7425,1511,9,11,4.10,50,12,5,4.25,50,0.6083,-0.3892,8.9221,1.4334,-1.4791,"
                "32.3623,0.0495,-0.2765,3.6779,1.7667,0.0149,0.0000,0.0000,0.0000,-0.0163,"
                "-15.6407,0.2750,0.2401,-0.5945,0.0000,0.3334,0.0001,2024-11-04T17:15:28.71,"
                "221.870\n"
            ),
            ndjson=(
                b'{"ask_size":12,"rho":1.4334,"zomma":0.0000,"implied_vol":0.3334,'
                b'"dual_delta":-0.5945,"expiration":"2024-11-08","right":"CALL",'
                b'"symbol":"AAPL","ask_exchange":5,"epsilon":-1.4791,'
                b'"underlying_timestamp":"2024-11-04T17:15:28.71","high":4.85,'
                b'"lambda":32.3623,"dual_gamma":0.0000,"d1":0.2750,"vera":0.0000,'
                b'"volume":7425,"iv_error":0.0001,"timestamp":"2024-11-04T15:59:59.828",'
                b'"charm":3.6779,"bid_size":9,"delta":0.6083,"ultima":-15.6407,"speed":0.0000,'
                b'"count":1511,"close":4.15,"underlying_price":221.870,"ask_condition":50,'
                b'"veta":0.0149,"vanna":-0.2765,"gamma":0.0495,"theta":-0.3892,'
                b'"bid_exchange":11,"color":-0.0163,"strike":220.000,"low":3.35,'
                b'"bid_condition":50,"ask":4.25,"vomma":1.7667,"d2":0.2401,"bid":4.10,'
                b'"vega":8.9221,"open":3.90}\n'
            ),
            json=(
                b'{"response":[{"contract":{"right":"CALL","expiration":"2024-11-08",'
                b'"symbol":"AAPL","strike":220.000},"data":[{"underlying_price":221.870,'
                b'"vomma":1.7667,"vera":0.0000,"iv_error":0.0001,"implied_vol":0.3334,'
                b'"color":-0.0163,"high":4.85,"lambda":32.3623,"ask_exchange":5,"charm":3.6779,'
                b'"ask_size":12,"bid_exchange":11,"epsilon":-1.4791,"bid_condition":50,'
                b'"vega":8.9221,"bid":4.10,"volume":7425,"low":3.35,"delta":0.6083,'
                b'"timestamp":"2024-11-04T15:59:59.828","speed":0.0000,"d2":0.2401,"ask":4.25,'
                b'"count":1511,"theta":-0.3892,"vanna":-0.2765,"ultima":-15.6407,"zomma":0.0000,'
                b'"open":3.90,"d1":0.2750,"veta":0.0149,"bid_size":9,'
                b'"underlying_timestamp":"2024-11-04T17:15:28.71","close":4.15,'
                b'"ask_condition":50,"gamma":0.0495,"dual_gamma":0.0000,"rho":1.4334,'
                b'"dual_delta":-0.5945}]}]}'
            ),
            columns=(
                b'{"vomma":[1.7667],"underlying_timestamp":["2024-11-04T17:15:28.71"],'
                b'"high":[4.85],"volume":[7425],"color":[-0.0163],"epsilon":[-1.4791],'
                b'"bid_exchange":[11],"open":[3.9],"bid_condition":[50],"rho":[1.4334],'
                b'"veta":[0.0149],"vanna":[-0.2765],"bid_size":[9],"vega":[8.9221],"vera":[0],'
                b'"strike":[220.0],"ask_condition":[50],"zomma":[0],"theta":[-0.3892],'
                b'"timestamp":["2024-11-04T15:59:59.828"],"lambda":[32.3623],"d1":[0.275],'
                b'"implied_vol":[0.3334],"dual_gamma":[0],"expiration":["2024-11-08"],'
                b'"bid":[4.1],"charm":[3.6779],"ask_exchange":[5],"delta":[0.6083],'
                b'"d2":[0.2401],"iv_error":[0.0001],"dual_delta":[-0.5945],"right":["CALL"],'
                b'"gamma":[0.0495],"speed":[0],"symbol":["AAPL"],"close":[4.15],"ask":[4.25],'
                b'"ask_size":[12],"count":[1511],"underlying_price":[221.87],'
                b'"ultima":[-15.6407],"low":[3.35]}'
            ),
        ),
        Answer(
            requests.OptionHistoryGreeksImpliedVolatility,
            [
                rows.OptionBidAskImpliedVolatility(
                    "AAPL", dt.date(2024, 11, 8), 220.0, "CALL", at("2024-11-04T09:30:00"), 0.0,
                    0.0, 0.0, 0.0, 0.0, 0.0, 100.0, at("2024-11-04T09:30:00"), 221.0,
                ),
                rows.OptionBidAskImpliedVolatility(
                    "AAPL", dt.date(2024, 11, 8), 220.0, "CALL", at("2024-11-04T09:35:00"), 3.75,
                    0.364, 3.8, 0.3693, 3.85, 0.3747, 0.0, at("2024-11-04T09:35:00"), 220.66,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid,bid_implied_vol,midpoint,"
                "implied_vol,ask,ask_implied_vol,iv_error,underlying_timestamp,"
                "underlying_price\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:30:00,0.00,0.0000,0.00,0.0000,"
                "0.00,0.0000,100.0000,2024-11-04T09:30:00,221.00\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:35:00,3.75,0.3640,3.80,0.3693,"
                "3.85,0.3747,0.0000,2024-11-04T09:35:00,220.66\n"
            ),
            ndjson=(
                b'{"underlying_price":221.00,"implied_vol":0.0000,"strike":220.000,'
                b'"midpoint":0.00,"ask_implied_vol":0.0000,"expiration":"2024-11-08",'
                b'"symbol":"AAPL","bid_implied_vol":0.0000,"iv_error":100.0000,"right":"CALL",'
                b'"underlying_timestamp":"2024-11-04T09:30:00","bid":0.00,'
                b'"timestamp":"2024-11-04T09:30:00","ask":0.00}\n'
                b'{"underlying_price":220.66,"iv_error":0.0000,"ask_implied_vol":0.3747,'
                b'"right":"CALL","bid_implied_vol":0.3640,"implied_vol":0.3693,'
                b'"timestamp":"2024-11-04T09:35:00","midpoint":3.80,"bid":3.75,'
                b'"symbol":"AAPL","strike":220.000,"ask":3.85,"expiration":"2024-11-08",'
                b'"underlying_timestamp":"2024-11-04T09:35:00"}\n'
            ),
            json=(
                b'{"response":[{"data":[{"bid":0.00,"bid_implied_vol":0.0000,'
                b'"implied_vol":0.0000,"timestamp":"2024-11-04T09:30:00",'
                b'"underlying_price":221.00,"midpoint":0.00,'
                b'"underlying_timestamp":"2024-11-04T09:30:00","ask_implied_vol":0.0000,'
                b'"ask":0.00,"iv_error":100.0000},{"underlying_price":220.66,'
                b'"bid_implied_vol":0.3640,"timestamp":"2024-11-04T09:35:00","ask":3.85,'
                b'"iv_error":0.0000,"midpoint":3.80,"ask_implied_vol":0.3747,"bid":3.75,'
                b'"implied_vol":0.3693,"underlying_timestamp":"2024-11-04T09:35:00"}],'
                b'"contract":{"right":"CALL","strike":220.000,"symbol":"AAPL",'
                b'"expiration":"2024-11-08"}}]}'
            ),
            columns=(
                b'{"underlying_timestamp":["2024-11-04T09:30:00","2024-11-04T09:35:00"],'
                b'"right":["CALL","CALL"],"iv_error":[100.0,0],"ask":[0,3.85],"strike":[220.0,'
                b'220.0],"symbol":["AAPL","AAPL"],"underlying_price":[221.0,220.66],'
                b'"bid_implied_vol":[0,0.364],"ask_implied_vol":[0,0.3747],"midpoint":[0,3.8],'
                b'"expiration":["2024-11-08","2024-11-08"],"timestamp":["2024-11-04T09:30:00",'
                b'"2024-11-04T09:35:00"],"implied_vol":[0,0.3693],"bid":[0,3.75]}'
            ),
        ),
        Answer(
            requests.OptionHistoryGreeksAll,
            [
                rows.OptionGreeks(
                    "AAPL", dt.date(2024, 11, 8), 262.5, "CALL", at("2024-11-04T09:30:00"), 0.0,
                    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 261.9304, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                    0.0, 0.0, 0.0001, -6.5422, -6.5683, 0.0, 0.0, 0.25, 100.0,
                    at("2024-11-04T09:30:00"), 221.0,
                ),
                rows.OptionGreeks(
                    "AAPL", dt.date(2024, 11, 8), 262.5, "CALL", at("2024-11-04T09:40:00"), 0.0,
                    0.02, 0.0026, -0.0138, 0.1873, 0.0062, -0.0063, 55.3974, 0.0005, 0.0393,
                    -1.0623, 2.5389, 0.0136, 0.0, 0.0, 0.0, -0.0005, 21.4427, -2.7911, -2.8526,
                    -0.0021, 0.0, 0.5874, 0.0455, at("2024-11-04T09:40:00"), 220.56,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid,ask,delta,theta,vega,rho,"
                "epsilon,lambda,gamma,vanna,charm,vomma,veta,vera,speed,zomma,color,ultima,d1,"
                "d2,dual_delta,dual_gamma,implied_vol,iv_error,underlying_timestamp,"
                "underlying_price\n"
                "AAPL,2024-11-08,262.500,CALL,2024-11-04T09:30:00,0.00,0.00,0.0000,0.0000,"
                "0.0000,0.0000,0.0000,261.9304,0.0000,0.0000,0.0000,0.0000,0.0000,0.0000,"
                "0.0000,0.0000,0.0000,0.0001,-6.5422,-6.5683,0.0000,0.0000,0.2500,100.0000,"
                "2024-11-04T09:30:00,221.00\n"
                "AAPL,2024-11-08,262.500,CALL,2024-11-04T09:40:00,0.00,0.02,0.0026,-0.0138,"
                "0.1873,0.0062,-0.0063,55.3974,0.0005,0.0393,-1.0623,2.5389,0.0136,0.0000,"
                "0.0000,0.0000,-0.0005,21.4427,-2.7911,-2.8526,-0.0021,0.0000,0.5874,0.0455,"
                "2024-11-04T09:40:00,220.56\n"
            ),
            ndjson=(
                b'{"implied_vol":0.2500,"d1":-6.5422,"ask":0.00,"epsilon":0.0000,'
                b'"speed":0.0000,"theta":0.0000,"underlying_price":221.00,"vanna":0.0000,'
                b'"zomma":0.0000,"vega":0.0000,"underlying_timestamp":"2024-11-04T09:30:00",'
                b'"iv_error":100.0000,"veta":0.0000,"dual_delta":0.0000,"gamma":0.0000,'
                b'"ultima":0.0001,"color":0.0000,"rho":0.0000,"symbol":"AAPL","bid":0.00,'
                b'"dual_gamma":0.0000,"right":"CALL","vera":0.0000,"strike":262.500,'
                b'"vomma":0.0000,"expiration":"2024-11-08","lambda":261.9304,"d2":-6.5683,'
                b'"delta":0.0000,"timestamp":"2024-11-04T09:30:00","charm":0.0000}\n'
                b'{"symbol":"AAPL","timestamp":"2024-11-04T09:40:00","d1":-2.7911,'
                b'"charm":-1.0623,"dual_delta":-0.0021,"implied_vol":0.5874,"speed":0.0000,'
                b'"right":"CALL","dual_gamma":0.0000,"iv_error":0.0455,"gamma":0.0005,'
                b'"vomma":2.5389,"color":-0.0005,"ask":0.02,"vega":0.1873,"epsilon":-0.0063,'
                b'"theta":-0.0138,"lambda":55.3974,"vanna":0.0393,"ultima":21.4427,'
                b'"zomma":0.0000,"d2":-2.8526,"delta":0.0026,"strike":262.500,"bid":0.00,'
                b'"vera":0.0000,"rho":0.0062,"underlying_price":220.56,'
                b'"expiration":"2024-11-08","veta":0.0136,'
                b'"underlying_timestamp":"2024-11-04T09:40:00"}\n'
            ),
            json=(
                b'{"response":[{"contract":{"symbol":"AAPL","expiration":"2024-11-08",'
                b'"right":"CALL","strike":262.500},"data":[{"vanna":0.0000,"bid":0.00,'
                b'"timestamp":"2024-11-04T09:30:00","d2":-6.5683,"charm":0.0000,'
                b'"epsilon":0.0000,"veta":0.0000,"dual_gamma":0.0000,"color":0.0000,'
                b'"vomma":0.0000,"iv_error":100.0000,"d1":-6.5422,"dual_delta":0.0000,'
                b'"gamma":0.0000,"ask":0.00,"rho":0.0000,"lambda":261.9304,'
                b'"underlying_price":221.00,"underlying_timestamp":"2024-11-04T09:30:00",'
                b'"ultima":0.0001,"vera":0.0000,"zomma":0.0000,"implied_vol":0.2500,'
                b'"speed":0.0000,"delta":0.0000,"vega":0.0000,"theta":0.0000},{"bid":0.00,'
                b'"zomma":0.0000,"ask":0.02,"vera":0.0000,'
                b'"underlying_timestamp":"2024-11-04T09:40:00","dual_delta":-0.0021,'
                b'"color":-0.0005,"underlying_price":220.56,"implied_vol":0.5874,"delta":0.0026,'
                b'"gamma":0.0005,"veta":0.0136,"d2":-2.8526,"d1":-2.7911,"dual_gamma":0.0000,'
                b'"theta":-0.0138,"iv_error":0.0455,"vanna":0.0393,"epsilon":-0.0063,'
                b'"charm":-1.0623,"ultima":21.4427,"vega":0.1873,"rho":0.0062,"vomma":2.5389,'
                b'"speed":0.0000,"lambda":55.3974,"timestamp":"2024-11-04T09:40:00"}]}]}'
            ),
            columns=(
                b'{"right":["CALL","CALL"],"vega":[0,0.1873],"implied_vol":[0.25,0.5874],'
                b'"gamma":[0,0.0005],"vera":[0,0],"epsilon":[0,-0.0063],"rho":[0,0.0062],'
                b'"charm":[0,-1.0623],"speed":[0,0],"lambda":[261.9304,55.3974],"vomma":[0,'
                b'2.5389],"symbol":["AAPL","AAPL"],"d1":[-6.5422,-2.7911],"veta":[0,0.0136],'
                b'"vanna":[0,0.0393],"expiration":["2024-11-08","2024-11-08"],"bid":[0,0],'
                b'"timestamp":["2024-11-04T09:30:00","2024-11-04T09:40:00"],"dual_delta":[0,'
                b'-0.0021],"dual_gamma":[0,0],"underlying_timestamp":["2024-11-04T09:30:00",'
                b'"2024-11-04T09:40:00"],"theta":[0,-0.0138],"ask":[0,0.02],"strike":[262.5,'
                b'262.5],"color":[0,-0.0005],"d2":[-6.5683,-2.8526],"ultima":[0.0001,21.4427],'
                b'"zomma":[0,0],"underlying_price":[221.0,220.56],"iv_error":[100.0,0.0455],'
                b'"delta":[0,0.0026]}'
            ),
        ),
        Answer(
            requests.OptionHistoryGreeksFirstOrder,
            [
                rows.OptionGreeksFirstOrder(
                    "AAPL", dt.date(2024, 11, 8), 262.5, "CALL", at("2024-11-04T09:30:00"), 0.0,
                    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 261.9304, 0.25, 100.0,
                    at("2024-11-04T09:30:00"), 221.0,
                ),
                rows.OptionGreeksFirstOrder(
                    "AAPL", dt.date(2024, 11, 8), 262.5, "CALL", at("2024-11-04T09:35:00"), 0.0,
                    0.02, 0.0026, -0.0141, 0.1913, 0.0063, -0.0064, 55.293, 0.5874, 0.0721,
                    at("2024-11-04T09:35:00"), 220.66,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid,ask,delta,theta,vega,rho,"
                "epsilon,lambda,implied_vol,iv_error,underlying_timestamp,underlying_price\n"
                "AAPL,2024-11-08,262.500,CALL,2024-11-04T09:30:00,0.00,0.00,0.0000,0.0000,"
                "0.0000,0.0000,0.0000,261.9304,0.2500,100.0000,2024-11-04T09:30:00,221.00\n"
                "AAPL,2024-11-08,262.500,CALL,2024-11-04T09:35:00,0.00,0.02,0.0026,-0.0141,"
                "0.1913,0.0063,-0.0064,55.2930,0.5874,0.0721,2024-11-04T09:35:00,220.66\n"
            ),
            ndjson=(
                b'{"underlying_price":221.00,"ask":0.00,"theta":0.0000,'
                b'"timestamp":"2024-11-04T09:30:00","iv_error":100.0000,"right":"CALL",'
                b'"strike":262.500,"lambda":261.9304,"implied_vol":0.2500,"symbol":"AAPL",'
                b'"bid":0.00,"rho":0.0000,"underlying_timestamp":"2024-11-04T09:30:00",'
                b'"vega":0.0000,"delta":0.0000,"epsilon":0.0000,"expiration":"2024-11-08"}\n'
                b'{"implied_vol":0.5874,"delta":0.0026,"underlying_price":220.66,'
                b'"symbol":"AAPL","iv_error":0.0721,"rho":0.0063,"right":"CALL","vega":0.1913,'
                b'"ask":0.02,"epsilon":-0.0064,"timestamp":"2024-11-04T09:35:00",'
                b'"expiration":"2024-11-08","bid":0.00,"theta":-0.0141,"strike":262.500,'
                b'"lambda":55.2930,"underlying_timestamp":"2024-11-04T09:35:00"}\n'
            ),
            json=(
                b'{"response":[{"data":[{"delta":0.0000,"lambda":261.9304,"ask":0.00,'
                b'"timestamp":"2024-11-04T09:30:00","rho":0.0000,"implied_vol":0.2500,'
                b'"epsilon":0.0000,"vega":0.0000,"bid":0.00,"theta":0.0000,'
                b'"underlying_timestamp":"2024-11-04T09:30:00","underlying_price":221.00,'
                b'"iv_error":100.0000},{"rho":0.0063,'
                b'"underlying_timestamp":"2024-11-04T09:35:00","implied_vol":0.5874,'
                b'"iv_error":0.0721,"delta":0.0026,"epsilon":-0.0064,"bid":0.00,'
                b'"underlying_price":220.66,"ask":0.02,"theta":-0.0141,'
                b'"timestamp":"2024-11-04T09:35:00","vega":0.1913,"lambda":55.2930}],'
                b'"contract":{"symbol":"AAPL","expiration":"2024-11-08","strike":262.500,'
                b'"right":"CALL"}}]}'
            ),
            columns=(
                b'{"underlying_timestamp":["2024-11-04T09:30:00","2024-11-04T09:35:00"],'
                b'"symbol":["AAPL","AAPL"],"ask":[0,0.02],"right":["CALL","CALL"],'
                b'"iv_error":[100.0,0.0721],"epsilon":[0,-0.0064],"bid":[0,0],"theta":[0,'
                b'-0.0141],"expiration":["2024-11-08","2024-11-08"],"underlying_price":[221.0,'
                b'220.66],"timestamp":["2024-11-04T09:30:00","2024-11-04T09:35:00"],'
                b'"lambda":[261.9304,55.293],"delta":[0,0.0026],"strike":[262.5,262.5],"rho":[0,'
                b'0.0063],"vega":[0,0.1913],"implied_vol":[0.25,0.5874]}'
            ),
        ),
        Answer(
            requests.OptionHistoryTradeGreeksImpliedVolatility,
            [
                rows.OptionTradeImpliedVolatility(
                    "AAPL", dt.date(2024, 11, 8), 220.0, "CALL", at("2024-11-04T09:30:00.471"),
                    18902138, 255, 255, 255, 255, 130, 2, 22, 3.9, 0.3598, 0.0002,
                    at("2024-11-04T09:30:00"), 221.0,
                ),
                rows.OptionTradeImpliedVolatility(
                    "AAPL", dt.date(2024, 11, 8), 220.0, "CALL", at("2024-11-04T09:30:01.698"),
                    19403970, 255, 255, 255, 255, 130, 1, 6, 4.22, 0.3842, -0.0002,
                    at("2024-11-04T09:30:01"), 221.17,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,sequence,ext_condition1,"
                "ext_condition2,ext_condition3,ext_condition4,condition,size,exchange,price,"
                "implied_vol,iv_error,underlying_timestamp,underlying_price\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:30:00.471,18902138,255,255,255,"
                "255,130,2,22,3.90,0.3598,0.0002,2024-11-04T09:30:00,221.00\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:30:01.698,19403970,255,255,255,"
                "255,130,1,6,4.22,0.3842,-0.0002,2024-11-04T09:30:01,221.17\n"
            ),
            ndjson=(
                b'{"size":2,"condition":130,"expiration":"2024-11-08","ext_condition1":255,'
                b'"iv_error":0.0002,"ext_condition4":255,"sequence":18902138,"right":"CALL",'
                b'"timestamp":"2024-11-04T09:30:00.471",'
                b'"underlying_timestamp":"2024-11-04T09:30:00","ext_condition2":255,'
                b'"implied_vol":0.3598,"strike":220.000,"price":3.90,"symbol":"AAPL",'
                b'"exchange":22,"underlying_price":221.00,"ext_condition3":255}\n'
                b'{"right":"CALL","ext_condition1":255,"iv_error":-0.0002,'
                b'"implied_vol":0.3842,"symbol":"AAPL","sequence":19403970,"condition":130,'
                b'"ext_condition3":255,"exchange":6,"ext_condition4":255,'
                b'"timestamp":"2024-11-04T09:30:01.698",'
                b'"underlying_timestamp":"2024-11-04T09:30:01","expiration":"2024-11-08",'
                b'"price":4.22,"ext_condition2":255,"size":1,"strike":220.000,'
                b'"underlying_price":221.17}\n'
            ),
            json=(
                b'{"response":[{"data":[{"ext_condition2":255,'
                b'"timestamp":"2024-11-04T09:30:00.471","exchange":22,"ext_condition4":255,'
                b'"ext_condition3":255,"sequence":18902138,"size":2,"condition":130,'
                b'"underlying_timestamp":"2024-11-04T09:30:00","implied_vol":0.3598,'
                b'"price":3.90,"ext_condition1":255,"iv_error":0.0002,'
                b'"underlying_price":221.00},{"price":4.22,"sequence":19403970,'
                b'"iv_error":-0.0002,"implied_vol":0.3842,"ext_condition1":255,'
                b'"underlying_price":221.17,"exchange":6,"condition":130,"size":1,'
                b'"timestamp":"2024-11-04T09:30:01.698",'
                b'"underlying_timestamp":"2024-11-04T09:30:01","ext_condition4":255,'
                b'"ext_condition3":255,"ext_condition2":255}],"contract":{"symbol":"AAPL",'
                b'"strike":220.000,"right":"CALL","expiration":"2024-11-08"}}]}'
            ),
            columns=(
                b'{"sequence":[18902138,19403970],"strike":[220.0,220.0],"exchange":[22,6],'
                b'"ext_condition1":[255,255],"ext_condition3":[255,255],'
                b'"timestamp":["2024-11-04T09:30:00.471","2024-11-04T09:30:01.698"],'
                b'"implied_vol":[0.3598,0.3842],"ext_condition2":[255,255],"price":[3.9,4.22],'
                b'"expiration":["2024-11-08","2024-11-08"],'
                b'"underlying_timestamp":["2024-11-04T09:30:00","2024-11-04T09:30:01"],'
                b'"condition":[130,130],"size":[2,1],"right":["CALL","CALL"],'
                b'"underlying_price":[221.0,221.17],"symbol":["AAPL","AAPL"],"iv_error":[0.0002,'
                b'-0.0002],"ext_condition4":[255,255]}'
            ),
        ),
        Answer(
            requests.OptionHistoryTradeGreeksAll,
            [
                rows.OptionTradeGreeks(
                    "AAPL", dt.date(2023, 11, 17), 187.5, "CALL", at("2023-11-10T09:30:00.004"),
                    -1391330475, 255, 255, 255, 255, 18, 1, 9, 0.59, 0.2289, -0.1031, 7.7122,
                    0.796, -0.8073, 71.4109, 0.0674, 1.3174, -6.7146, 24.9086, 0.3553, 0.0, 0.0,
                    0.0, -0.0129, -100.0, -0.7424, -0.7668, -0.2213, 0.0, 0.1762, -0.0008,
                    at("2023-11-10T09:30:00"), 183.89,
                ),
                rows.OptionTradeGreeks(
                    "AAPL", dt.date(2023, 11, 17), 187.5, "CALL", at("2023-11-10T09:30:00.22"),
                    -1391313694, 255, 255, 255, 255, 18, 8, 6, 0.52, 0.2162, -0.0947, 7.4656,
                    0.7526, -0.7625, 76.6064, 0.0689, 1.4186, -6.8508, 28.3594, 0.3755, 0.0, 0.0,
                    0.0, -0.0118, -100.0, -0.7849, -0.8081, -0.2093, 0.0, 0.1669, -0.0018,
                    at("2023-11-10T09:30:00"), 183.89,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,sequence,ext_condition1,"
                "ext_condition2,ext_condition3,ext_condition4,condition,size,exchange,price,"
                "delta,theta,vega,rho,epsilon,lambda,gamma,vanna,charm,vomma,veta,vera,speed,"
                "zomma,color,ultima,d1,d2,dual_delta,dual_gamma,implied_vol,iv_error,"
                "underlying_timestamp,underlying_price\n"
                "AAPL,2023-11-17,187.500,CALL,2023-11-10T09:30:00.004,-1391330475,255,255,255,"
                "255,18,1,9,0.59,0.2289,-0.1031,7.7122,0.7960,-0.8073,71.4109,0.0674,1.3174,"
                "-6.7146,24.9086,0.3553,0.0000,0.0000,0.0000,-0.0129,-100.0000,-0.7424,"
                "-0.7668,-0.2213,0.0000,0.1762,-0.0008,2023-11-10T09:30:00,183.89\n"
                "AAPL,2023-11-17,187.500,CALL,2023-11-10T09:30:00.22,-1391313694,255,255,255,"
                "255,18,8,6,0.52,0.2162,-0.0947,7.4656,0.7526,-0.7625,76.6064,0.0689,1.4186,"
                "-6.8508,28.3594,0.3755,0.0000,0.0000,0.0000,-0.0118,-100.0000,-0.7849,"
                "-0.8081,-0.2093,0.0000,0.1669,-0.0018,2023-11-10T09:30:00,183.89\n"
            ),
            ndjson=(
                b'{"ext_condition1":255,"timestamp":"2023-11-10T09:30:00.004","right":"CALL",'
                b'"d2":-0.7668,"charm":-6.7146,"vomma":24.9086,"exchange":9,'
                b'"underlying_timestamp":"2023-11-10T09:30:00","dual_gamma":0.0000,'
                b'"speed":0.0000,"gamma":0.0674,"veta":0.3553,"d1":-0.7424,"price":0.59,'
                b'"sequence":-1391330475,"vanna":1.3174,"condition":18,"ultima":-100.0000,'
                b'"rho":0.7960,"theta":-0.1031,"iv_error":-0.0008,"vega":7.7122,'
                b'"implied_vol":0.1762,"zomma":0.0000,"size":1,"symbol":"AAPL",'
                b'"expiration":"2023-11-17","lambda":71.4109,"underlying_price":183.89,'
                b'"vera":0.0000,"delta":0.2289,"ext_condition3":255,"ext_condition4":255,'
                b'"epsilon":-0.8073,"ext_condition2":255,"color":-0.0129,"dual_delta":-0.2213,'
                b'"strike":187.500}\n'
                b'{"ext_condition3":255,"right":"CALL","expiration":"2023-11-17",'
                b'"underlying_timestamp":"2023-11-10T09:30:00","iv_error":-0.0018,'
                b'"vanna":1.4186,"d1":-0.7849,"vega":7.4656,"condition":18,"vomma":28.3594,'
                b'"epsilon":-0.7625,"lambda":76.6064,"size":8,"dual_delta":-0.2093,'
                b'"ext_condition2":255,"underlying_price":183.89,"symbol":"AAPL",'
                b'"ext_condition4":255,"veta":0.3755,"ultima":-100.0000,"price":0.52,'
                b'"rho":0.7526,"dual_gamma":0.0000,"color":-0.0118,"vera":0.0000,'
                b'"theta":-0.0947,"exchange":6,"sequence":-1391313694,"charm":-6.8508,'
                b'"implied_vol":0.1669,"zomma":0.0000,"timestamp":"2023-11-10T09:30:00.22",'
                b'"speed":0.0000,"strike":187.500,"ext_condition1":255,"gamma":0.0689,'
                b'"d2":-0.8081,"delta":0.2162}\n'
            ),
            json=(
                b'{"response":[{"contract":{"strike":187.500,"right":"CALL","symbol":"AAPL",'
                b'"expiration":"2023-11-17"},"data":[{"sequence":-1391330475,"vomma":24.9086,'
                b'"vera":0.0000,"exchange":9,"theta":-0.1031,"delta":0.2289,"lambda":71.4109,'
                b'"color":-0.0129,"dual_delta":-0.2213,"dual_gamma":0.0000,'
                b'"underlying_price":183.89,"veta":0.3553,"size":1,"ext_condition1":255,'
                b'"price":0.59,"ext_condition2":255,"implied_vol":0.1762,"iv_error":-0.0008,'
                b'"speed":0.0000,"underlying_timestamp":"2023-11-10T09:30:00","vega":7.7122,'
                b'"charm":-6.7146,"ultima":-100.0000,"timestamp":"2023-11-10T09:30:00.004",'
                b'"d1":-0.7424,"ext_condition4":255,"condition":18,"vanna":1.3174,'
                b'"epsilon":-0.8073,"d2":-0.7668,"ext_condition3":255,"zomma":0.0000,'
                b'"gamma":0.0674,"rho":0.7960},{"speed":0.0000,"zomma":0.0000,"exchange":6,'
                b'"vera":0.0000,"dual_delta":-0.2093,"iv_error":-0.0018,"price":0.52,'
                b'"gamma":0.0689,"veta":0.3755,"rho":0.7526,"d1":-0.7849,"epsilon":-0.7625,'
                b'"ext_condition3":255,"vanna":1.4186,"color":-0.0118,"sequence":-1391313694,'
                b'"charm":-6.8508,"theta":-0.0947,"underlying_timestamp":"2023-11-10T09:30:00",'
                b'"vomma":28.3594,"delta":0.2162,"ext_condition4":255,"condition":18,'
                b'"dual_gamma":0.0000,"implied_vol":0.1669,"ext_condition2":255,"d2":-0.8081,'
                b'"size":8,"timestamp":"2023-11-10T09:30:00.22","underlying_price":183.89,'
                b'"vega":7.4656,"ext_condition1":255,"ultima":-100.0000,"lambda":76.6064}]}]}'
            ),
            columns=(
                b'{"ext_condition2":[255,255],"charm":[-6.7146,-6.8508],"strike":[187.5,187.5],'
                b'"ultima":[-100.0,-100.0],"d1":[-0.7424,-0.7849],"underlying_price":[183.89,'
                b'183.89],"ext_condition3":[255,255],"price":[0.59,0.52],"rho":[0.796,0.7526],'
                b'"delta":[0.2289,0.2162],"epsilon":[-0.8073,-0.7625],"ext_condition4":[255,'
                b'255],"exchange":[9,6],"timestamp":["2023-11-10T09:30:00.004",'
                b'"2023-11-10T09:30:00.22"],"vomma":[24.9086,28.3594],"vera":[0,0],"size":[1,8],'
                b'"lambda":[71.4109,76.6064],"vanna":[1.3174,1.4186],"speed":[0,0],'
                b'"veta":[0.3553,0.3755],"condition":[18,18],"color":[-0.0129,-0.0118],'
                b'"gamma":[0.0674,0.0689],"dual_gamma":[0,0],'
                b'"underlying_timestamp":["2023-11-10T09:30:00","2023-11-10T09:30:00"],'
                b'"theta":[-0.1031,-0.0947],"dual_delta":[-0.2213,-0.2093],"vega":[7.7122,'
                b'7.4656],"d2":[-0.7668,-0.8081],"implied_vol":[0.1762,0.1669],'
                b'"iv_error":[-0.0008,-0.0018],"expiration":["2023-11-17","2023-11-17"],'
                b'"ext_condition1":[255,255],"symbol":["AAPL","AAPL"],"sequence":[-1391330475,'
                b'-1391313694],"zomma":[0,0],"right":["CALL","CALL"]}'
            ),
        ),
        Answer(
            requests.OptionHistoryTradeGreeksFirstOrder,
            [
                rows.OptionTradeGreeksFirstOrder(
                    "AAPL", dt.date(2024, 11, 8), 262.5, "CALL", at("2024-11-04T09:53:54.069"),
                    156249981, 255, 255, 255, 255, 125, 1, 9, 0.01, 0.0025, -0.0134, 0.1858,
                    0.0061, -0.0062, 56.6408, 0.5749, 0.0132, at("2024-11-04T09:53:54"), 221.33,
                ),
                rows.OptionTradeGreeksFirstOrder(
                    "AAPL", dt.date(2024, 11, 8), 140.0, "CALL", at("2024-11-04T11:47:14.764"),
                    546105677, 255, 255, 255, 255, 131, 2, 5, 81.32, 0.9976, -0.052, 0.169,
                    1.5274, -2.4186, 2.7139, 1.5937, 0.0, at("2024-11-04T11:47:14"), 221.22,
                ),
                rows.OptionTradeGreeksFirstOrder(
                    "AAPL", dt.date(2024, 11, 8), 140.0, "CALL", at("2024-11-04T11:47:56.669"),
                    548097371, 255, 255, 255, 255, 130, 3, 7, 81.16, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                    0.0, 0.0011, at("2024-11-04T11:47:56"), 221.18,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,sequence,ext_condition1,"
                "ext_condition2,ext_condition3,ext_condition4,condition,size,exchange,price,"
                "delta,theta,vega,rho,epsilon,lambda,implied_vol,iv_error,"
                "underlying_timestamp,underlying_price\n"
                "AAPL,2024-11-08,262.500,CALL,2024-11-04T09:53:54.069,156249981,255,255,255,"
                "255,125,1,9,0.01,0.0025,-0.0134,0.1858,0.0061,-0.0062,56.6408,0.5749,0.0132,"
                "2024-11-04T09:53:54,221.33\n"
                "AAPL,2024-11-08,140.000,CALL,2024-11-04T11:47:14.764,546105677,255,255,255,"
                "255,131,2,5,81.32,0.9976,-0.0520,0.1690,1.5274,-2.4186,2.7139,1.5937,0.0000,"
                "2024-11-04T11:47:14,221.22\n"
                "AAPL,2024-11-08,140.000,CALL,2024-11-04T11:47:56.669,548097371,255,255,255,"
                "255,130,3,7,81.16,1.0000,0.0000,0.0000,0.0000,0.0000,0.0000,0.0000,0.0011,"
                "2024-11-04T11:47:56,221.18\n"
            ),
            ndjson=(
                b'{"strike":262.500,"symbol":"AAPL","ext_condition3":255,"theta":-0.0134,'
                b'"ext_condition4":255,"expiration":"2024-11-08","price":0.01,'
                b'"timestamp":"2024-11-04T09:53:54.069","vega":0.1858,"condition":125,'
                b'"delta":0.0025,"right":"CALL","ext_condition2":255,"ext_condition1":255,'
                b'"lambda":56.6408,"epsilon":-0.0062,"implied_vol":0.5749,"size":1,'
                b'"underlying_price":221.33,"underlying_timestamp":"2024-11-04T09:53:54",'
                b'"sequence":156249981,"exchange":9,"iv_error":0.0132,"rho":0.0061}\n'
                b'{"underlying_price":221.22,"lambda":2.7139,"ext_condition3":255,'
                b'"ext_condition1":255,"epsilon":-2.4186,"theta":-0.0520,"rho":1.5274,'
                b'"exchange":5,"price":81.32,"underlying_timestamp":"2024-11-04T11:47:14",'
                b'"size":2,"vega":0.1690,"iv_error":0.0000,"ext_condition4":255,'
                b'"implied_vol":1.5937,"expiration":"2024-11-08","ext_condition2":255,'
                b'"condition":131,"right":"CALL","strike":140.000,"delta":0.9976,'
                b'"symbol":"AAPL","sequence":546105677,"timestamp":"2024-11-04T11:47:14.764"}\n'
                b'{"sequence":548097371,"price":81.16,"ext_condition3":255,"exchange":7,'
                b'"iv_error":0.0011,"epsilon":0.0000,"condition":130,"lambda":0.0000,'
                b'"underlying_timestamp":"2024-11-04T11:47:56","size":3,"theta":0.0000,'
                b'"underlying_price":221.18,"rho":0.0000,"symbol":"AAPL","ext_condition4":255,'
                b'"vega":0.0000,"timestamp":"2024-11-04T11:47:56.669",'
                b'"expiration":"2024-11-08","ext_condition2":255,"ext_condition1":255,'
                b'"implied_vol":0.0000,"strike":140.000,"delta":1.0000,"right":"CALL"}\n'
            ),
            json=(
                b'{"response":[{"data":[{"underlying_timestamp":"2024-11-04T09:53:54",'
                b'"lambda":56.6408,"ext_condition3":255,"delta":0.0025,"ext_condition1":255,'
                b'"ext_condition4":255,"theta":-0.0134,"vega":0.1858,"rho":0.0061,"price":0.01,'
                b'"iv_error":0.0132,"implied_vol":0.5749,"size":1,"epsilon":-0.0062,'
                b'"sequence":156249981,"exchange":9,"condition":125,"ext_condition2":255,'
                b'"timestamp":"2024-11-04T09:53:54.069","underlying_price":221.33}],'
                b'"contract":{"strike":262.500,"right":"CALL","expiration":"2024-11-08",'
                b'"symbol":"AAPL"}},{"data":[{"exchange":5,"price":81.32,"rho":1.5274,'
                b'"ext_condition1":255,"lambda":2.7139,"implied_vol":1.5937,'
                b'"underlying_timestamp":"2024-11-04T11:47:14","size":2,"iv_error":0.0000,'
                b'"underlying_price":221.22,"ext_condition4":255,"sequence":546105677,'
                b'"delta":0.9976,"theta":-0.0520,"ext_condition3":255,"epsilon":-2.4186,'
                b'"timestamp":"2024-11-04T11:47:14.764","ext_condition2":255,"condition":131,'
                b'"vega":0.1690},{"lambda":0.0000,"epsilon":0.0000,"vega":0.0000,"price":81.16,'
                b'"delta":1.0000,"ext_condition1":255,"exchange":7,"ext_condition3":255,'
                b'"sequence":548097371,"underlying_timestamp":"2024-11-04T11:47:56",'
                b'"iv_error":0.0011,"ext_condition2":255,"ext_condition4":255,'
                b'"timestamp":"2024-11-04T11:47:56.669","rho":0.0000,"theta":0.0000,"size":3,'
                b'"condition":130,"implied_vol":0.0000,"underlying_price":221.18}],'
                b'"contract":{"symbol":"AAPL","strike":140.000,"expiration":"2024-11-08",'
                b'"right":"CALL"}}]}'
            ),
            columns=(
                b'{"strike":[262.5,140.0,140.0],"ext_condition3":[255,255,255],"right":["CALL",'
                b'"CALL","CALL"],"vega":[0.1858,0.169,0],"sequence":[156249981,546105677,'
                b'548097371],"epsilon":[-0.0062,-2.4186,0],"expiration":["2024-11-08",'
                b'"2024-11-08","2024-11-08"],"condition":[125,131,130],'
                b'"timestamp":["2024-11-04T09:53:54.069","2024-11-04T11:47:14.764",'
                b'"2024-11-04T11:47:56.669"],"symbol":["AAPL","AAPL","AAPL"],'
                b'"ext_condition4":[255,255,255],"ext_condition2":[255,255,255],'
                b'"implied_vol":[0.5749,1.5937,0],"exchange":[9,5,7],"iv_error":[0.0132,0,'
                b'0.0011],"theta":[-0.0134,-0.052,0],'
                b'"underlying_timestamp":["2024-11-04T09:53:54","2024-11-04T11:47:14",'
                b'"2024-11-04T11:47:56"],"ext_condition1":[255,255,255],"size":[1,2,3],'
                b'"price":[0.01,81.32,81.16],"rho":[0.0061,1.5274,0],"delta":[0.0025,0.9976,'
                b'1.0],"lambda":[56.6408,2.7139,0],"underlying_price":[221.33,221.22,221.18]}'
            ),
        ),
        Answer(
            requests.OptionHistoryTradeGreeksSecondOrder,
            [
                rows.OptionTradeGreeksSecondOrder(
                    "AAPL", dt.date(2024, 11, 8), 262.5, "CALL", at("2024-11-04T09:53:54.069"),
                    156249981, 255, 255, 255, 255, 125, 1, 9, 0.01, 0.0006, 0.0398, -1.0514,
                    2.5798, 0.0137, 0.5749, 0.0132, at("2024-11-04T09:53:54"), 221.33,
                ),
                rows.OptionTradeGreeksSecondOrder(
                    "AAPL", dt.date(2024, 11, 8), 140.0, "CALL", at("2024-11-04T11:47:14.764"),
                    546105677, 255, 255, 255, 255, 131, 2, 5, 81.32, 0.0001, -0.0121, 0.8843,
                    0.7986, 0.0063, 1.5937, 0.0, at("2024-11-04T11:47:14"), 221.22,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,sequence,ext_condition1,"
                "ext_condition2,ext_condition3,ext_condition4,condition,size,exchange,price,"
                "gamma,vanna,charm,vomma,veta,implied_vol,iv_error,underlying_timestamp,"
                "underlying_price\n"
                "AAPL,2024-11-08,262.500,CALL,2024-11-04T09:53:54.069,156249981,255,255,255,"
                "255,125,1,9,0.01,0.0006,0.0398,-1.0514,2.5798,0.0137,0.5749,0.0132,"
                "2024-11-04T09:53:54,221.33\n"
                "AAPL,2024-11-08,140.000,CALL,2024-11-04T11:47:14.764,546105677,255,255,255,"
                "255,131,2,5,81.32,0.0001,-0.0121,0.8843,0.7986,0.0063,1.5937,0.0000,"
                "2024-11-04T11:47:14,221.22\n"
            ),
            ndjson=(
                b'{"exchange":9,"charm":-1.0514,"gamma":0.0006,"ext_condition4":255,'
                b'"veta":0.0137,"vomma":2.5798,"condition":125,"underlying_price":221.33,'
                b'"strike":262.500,"timestamp":"2024-11-04T09:53:54.069","right":"CALL",'
                b'"size":1,"ext_condition2":255,"sequence":156249981,"symbol":"AAPL",'
                b'"price":0.01,"underlying_timestamp":"2024-11-04T09:53:54",'
                b'"ext_condition3":255,"implied_vol":0.5749,"ext_condition1":255,'
                b'"expiration":"2024-11-08","vanna":0.0398,"iv_error":0.0132}\n'
                b'{"underlying_timestamp":"2024-11-04T11:47:14","ext_condition1":255,'
                b'"expiration":"2024-11-08","charm":0.8843,"strike":140.000,"condition":131,'
                b'"symbol":"AAPL","veta":0.0063,"underlying_price":221.22,"vomma":0.7986,'
                b'"right":"CALL","implied_vol":1.5937,"ext_condition3":255,"gamma":0.0001,'
                b'"ext_condition2":255,"iv_error":0.0000,"price":81.32,"sequence":546105677,'
                b'"size":2,"exchange":5,"ext_condition4":255,"vanna":-0.0121,'
                b'"timestamp":"2024-11-04T11:47:14.764"}\n'
            ),
            json=(
                b'{"response":[{"data":[{"condition":125,"ext_condition1":255,'
                b'"underlying_timestamp":"2024-11-04T09:53:54","vanna":0.0398,"price":0.01,'
                b'"sequence":156249981,"charm":-1.0514,"vomma":2.5798,"exchange":9,'
                b'"gamma":0.0006,"implied_vol":0.5749,"size":1,"ext_condition2":255,'
                b'"veta":0.0137,"underlying_price":221.33,"ext_condition4":255,'
                b'"timestamp":"2024-11-04T09:53:54.069","ext_condition3":255,'
                b'"iv_error":0.0132}],"contract":{"strike":262.500,"right":"CALL",'
                b'"expiration":"2024-11-08","symbol":"AAPL"}},{"data":[{"ext_condition1":255,'
                b'"vanna":-0.0121,"underlying_timestamp":"2024-11-04T11:47:14",'
                b'"underlying_price":221.22,"sequence":546105677,"vomma":0.7986,'
                b'"ext_condition2":255,"iv_error":0.0000,"timestamp":"2024-11-04T11:47:14.764",'
                b'"ext_condition4":255,"ext_condition3":255,"condition":131,'
                b'"implied_vol":1.5937,"charm":0.8843,"gamma":0.0001,"size":2,"exchange":5,'
                b'"price":81.32,"veta":0.0063}],"contract":{"strike":140.000,'
                b'"expiration":"2024-11-08","right":"CALL","symbol":"AAPL"}}]}'
            ),
            columns=(
                b'{"underlying_timestamp":["2024-11-04T09:53:54","2024-11-04T11:47:14"],'
                b'"right":["CALL","CALL"],"exchange":[9,5],"price":[0.01,81.32],'
                b'"charm":[-1.0514,0.8843],"iv_error":[0.0132,0],"strike":[262.5,140.0],'
                b'"ext_condition1":[255,255],"ext_condition4":[255,255],"implied_vol":[0.5749,'
                b'1.5937],"size":[1,2],"gamma":[0.0006,0.0001],"vanna":[0.0398,-0.0121],'
                b'"underlying_price":[221.33,221.22],"ext_condition2":[255,255],"veta":[0.0137,'
                b'0.0063],"expiration":["2024-11-08","2024-11-08"],"sequence":[156249981,'
                b'546105677],"symbol":["AAPL","AAPL"],"ext_condition3":[255,255],'
                b'"timestamp":["2024-11-04T09:53:54.069","2024-11-04T11:47:14.764"],'
                b'"vomma":[2.5798,0.7986],"condition":[125,131]}'
            ),
        ),
        Answer(
            requests.OptionHistoryTradeGreeksThirdOrder,
            [
                rows.OptionTradeGreeksThirdOrder(
                    "AAPL", dt.date(2024, 11, 8), 262.5, "CALL", at("2024-11-04T09:53:54.069"),
                    156249981, 255, 255, 255, 255, 125, 1, 9, 0.01, 0.0, 0.0, -0.0005, 22.3494,
                    0.5749, 0.0132, at("2024-11-04T09:53:54"), 221.33,
                ),
                rows.OptionTradeGreeksThirdOrder(
                    "AAPL", dt.date(2024, 11, 8), 140.0, "CALL", at("2024-11-04T11:47:14.764"),
                    546105677, 255, 255, 255, 255, 131, 2, 5, 81.32, 0.0, 0.0, -0.0013, 2.2683,
                    1.5937, 0.0, at("2024-11-04T11:47:14"), 221.22,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,sequence,ext_condition1,"
                "ext_condition2,ext_condition3,ext_condition4,condition,size,exchange,price,"
                "speed,zomma,color,ultima,implied_vol,iv_error,underlying_timestamp,"
                "underlying_price\n"
                "AAPL,2024-11-08,262.500,CALL,2024-11-04T09:53:54.069,156249981,255,255,255,"
                "255,125,1,9,0.01,0.0000,0.0000,-0.0005,22.3494,0.5749,0.0132,"
                "2024-11-04T09:53:54,221.33\n"
                "AAPL,2024-11-08,140.000,CALL,2024-11-04T11:47:14.764,546105677,255,255,255,"
                "255,131,2,5,81.32,0.0000,0.0000,-0.0013,2.2683,1.5937,0.0000,"
                "2024-11-04T11:47:14,221.22\n"
            ),
            ndjson=(
                b'{"implied_vol":0.5749,"sequence":156249981,"ext_condition1":255,'
                b'"symbol":"AAPL","expiration":"2024-11-08","condition":125,'
                b'"ext_condition4":255,"strike":262.500,"ext_condition3":255,"color":-0.0005,'
                b'"zomma":0.0000,"iv_error":0.0132,"exchange":9,'
                b'"underlying_timestamp":"2024-11-04T09:53:54","ext_condition2":255,'
                b'"speed":0.0000,"size":1,"price":0.01,"right":"CALL","ultima":22.3494,'
                b'"timestamp":"2024-11-04T09:53:54.069","underlying_price":221.33}\n'
                b'{"sequence":546105677,"underlying_timestamp":"2024-11-04T11:47:14",'
                b'"iv_error":0.0000,"zomma":0.0000,"color":-0.0013,"ultima":2.2683,'
                b'"price":81.32,"ext_condition4":255,"ext_condition1":255,'
                b'"expiration":"2024-11-08","exchange":5,"size":2,'
                b'"timestamp":"2024-11-04T11:47:14.764","strike":140.000,'
                b'"underlying_price":221.22,"right":"CALL","condition":131,"symbol":"AAPL",'
                b'"ext_condition3":255,"implied_vol":1.5937,"speed":0.0000,'
                b'"ext_condition2":255}\n'
            ),
            json=(
                b'{"response":[{"contract":{"symbol":"AAPL","right":"CALL",'
                b'"expiration":"2024-11-08","strike":262.500},"data":[{"size":1,"exchange":9,'
                b'"zomma":0.0000,"sequence":156249981,"speed":0.0000,"ext_condition1":255,'
                b'"iv_error":0.0132,"condition":125,"price":0.01,"implied_vol":0.5749,'
                b'"ultima":22.3494,"ext_condition2":255,"ext_condition3":255,'
                b'"timestamp":"2024-11-04T09:53:54.069","underlying_price":221.33,'
                b'"underlying_timestamp":"2024-11-04T09:53:54","color":-0.0005,'
                b'"ext_condition4":255}]},{"contract":{"right":"CALL","expiration":"2024-11-08",'
                b'"strike":140.000,"symbol":"AAPL"},"data":[{"price":81.32,"implied_vol":1.5937,'
                b'"exchange":5,"size":2,"ext_condition4":255,"iv_error":0.0000,'
                b'"underlying_timestamp":"2024-11-04T11:47:14","underlying_price":221.22,'
                b'"color":-0.0013,"ext_condition3":255,"timestamp":"2024-11-04T11:47:14.764",'
                b'"ultima":2.2683,"sequence":546105677,"speed":0.0000,"zomma":0.0000,'
                b'"ext_condition2":255,"ext_condition1":255,"condition":131}]}]}'
            ),
            columns=(
                b'{"right":["CALL","CALL"],"ext_condition3":[255,255],"color":[-0.0005,-0.0013],'
                b'"ext_condition2":[255,255],"size":[1,2],"ultima":[22.3494,2.2683],'
                b'"expiration":["2024-11-08","2024-11-08"],"implied_vol":[0.5749,1.5937],'
                b'"ext_condition4":[255,255],"underlying_price":[221.33,221.22],"price":[0.01,'
                b'81.32],"ext_condition1":[255,255],"strike":[262.5,140.0],"symbol":["AAPL",'
                b'"AAPL"],"condition":[125,131],"exchange":[9,5],"speed":[0,0],'
                b'"underlying_timestamp":["2024-11-04T09:53:54","2024-11-04T11:47:14"],'
                b'"iv_error":[0.0132,0],"timestamp":["2024-11-04T09:53:54.069",'
                b'"2024-11-04T11:47:14.764"],"sequence":[156249981,546105677],"zomma":[0,0]}'
            ),
        ),
    )
}  # fmt: skip

# Operations with the columns of another, by the name of that one.
_ALIKE = {
    requests.OptionSnapshotGreeksFirstOrder: "option_history_greeks_first_order",
    requests.OptionHistoryGreeksSecondOrder: "option_snapshot_greeks_second_order",
    requests.OptionHistoryGreeksThirdOrder: "option_snapshot_greeks_third_order",
    requests.OptionSnapshotBinomialGreeksAll: "option_history_greeks_all",
    requests.OptionSnapshotBinomialGreeksFirstOrder: "option_history_greeks_first_order",
    requests.OptionSnapshotBinomialGreeksSecondOrder: "option_snapshot_greeks_second_order",
    requests.OptionSnapshotBinomialGreeksThirdOrder: "option_snapshot_greeks_third_order",
    requests.OptionHistoryBinomialGreeksEod: "option_history_greeks_eod",
    requests.OptionHistoryBinomialGreeksAll: "option_history_greeks_all",
    requests.OptionHistoryBinomialGreeksFirstOrder: "option_history_greeks_first_order",
    requests.OptionHistoryBinomialGreeksSecondOrder: "option_snapshot_greeks_second_order",
    requests.OptionHistoryBinomialGreeksThirdOrder: "option_snapshot_greeks_third_order",
    requests.OptionHistoryBinomialTradeGreeksAll: "option_history_trade_greeks_all",
    requests.OptionHistoryBinomialTradeGreeksFirstOrder: "option_history_trade_greeks_first_order",
    requests.OptionHistoryBinomialTradeGreeksSecondOrder: (
        "option_history_trade_greeks_second_order"
    ),
    requests.OptionHistoryBinomialTradeGreeksThirdOrder: "option_history_trade_greeks_third_order",
}

GREEKS_ANSWERS = _WRITTEN | {
    request.operation: _WRITTEN[name]._replace(request=request) for request, name in _ALIKE.items()
}
