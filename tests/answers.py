"""What a terminal answers to each operation, written by hand, in every form it has.

The figures are documented ones. Each answer is given as CSV with CRLF, NDJSON,
JSON rows (options: groups by contract) and the column arrays that older
accounts get; keys of JSON come in any order, as they do from a terminal.
"""

import datetime as dt

from tests.answer_forms import Answer, at, crlf
from tests.answers_greeks import GREEKS_ANSWERS
from tests.answers_index import INDEX_ANSWERS
from tests.answers_option import OPTION_ANSWERS
from tests.answers_stock import STOCK_ANSWERS
from thetatrio import requests, rows

__all__ = ["ANSWERS", "Answer", "at", "crlf"]

NOV_8 = dt.date(2024, 11, 8)

_FIRST = {
    answer.request.operation: answer
    for answer in (
        Answer(
            requests.StockListSymbols,
            [rows.Symbol("A"), rows.Symbol("AA"), rows.Symbol("BRK.B")],
            csv=crlf("symbol\nA\nAA\nBRK.B\n"),
            ndjson=b'{"symbol":"A"}\n{"symbol":"AA"}\n{"symbol":"BRK.B"}\n',
            json=b"""{
  "response": [
    {"symbol": "A"},
    {"symbol": "AA"},
    {"symbol": "BRK.B"}
  ]
}
""",
            columns=b'{"symbol":["A","AA","BRK.B"]}',
        ),
        Answer(
            requests.StockSnapshotQuote,
            [
                rows.StockQuote(
                    at("2025-08-20T16:03:05.142"), "CVCO", 1, 29, 475.75, 0, 3, 29, 494.33, 0
                ),
                rows.StockQuote(
                    at("2025-08-20T16:21:05.781"), "IFRX", 100, 29, 0.751, 0, 45, 29, 0.95, 0
                ),
            ],
            csv=crlf("""\
timestamp,symbol,bid_size,bid_exchange,bid,bid_condition,ask_size,ask_exchange,ask,ask_condition
2025-08-20T16:03:05.142,CVCO,1,29,475.75,0,3,29,494.33,0
2025-08-20T16:21:05.781,IFRX,100,29,0.7510,0,45,29,0.9500,0
"""),
            ndjson=(
                b'{"symbol":"CVCO","ask_size":3,"bid_size":1,"ask_exchange":29,"ask_condition":0,'
                b'"bid_exchange":29,"ask":494.33,"bid":475.75,"bid_condition":0,'
                b'"timestamp":"2025-08-20T16:03:05.142"}\n'
                b'{"symbol":"IFRX","ask_size":45,"bid_size":100,"ask_exchange":29,'
                b'"ask_condition":0,"bid_exchange":29,"ask":0.9500,"bid":0.7510,'
                b'"bid_condition":0,"timestamp":"2025-08-20T16:21:05.781"}\n'
            ),
            json=(
                b'{"response": [{"symbol":"CVCO","ask_size":3,"bid_size":1,"ask_exchange":29,'
                b'"ask_condition":0,"bid_exchange":29,"ask":494.33,"bid":475.75,'
                b'"bid_condition":0,"timestamp":"2025-08-20T16:03:05.142"},\n'
                b'{"symbol":"IFRX","ask_size":45,"bid_size":100,"ask_exchange":29,'
                b'"ask_condition":0,"bid_exchange":29,"ask":0.9500,"bid":0.7510,'
                b'"bid_condition":0,"timestamp":"2025-08-20T16:21:05.781"}]}'
            ),
            columns=(
                b'{"symbol":["CVCO","IFRX"],"ask_size":[3,45],"bid_size":[1,100],'
                b'"ask_exchange":[29,29],"bid_exchange":[29,29],"ask":[494.33,0.95],'
                b'"bid":[475.75,0.751],"bid_condition":[0,0],"ask_condition":[0,0],'
                b'"timestamp":["2025-08-20T16:03:05.142","2025-08-20T16:21:05.781"]}'
            ),
        ),
        Answer(
            requests.StockHistoryEod,
            [
                rows.Eod(
                    at("2024-01-02T17:17:53.606"), at("2024-01-02T17:17:51.877"),
                    187.03, 188.44, 183.885, 185.64, 80680243, 1003582,
                    2, 7, 18.534, 0, 2, 1, 18.536, 0,
                ),
                rows.Eod(
                    at("2024-01-04T17:17:06.020"), at("2024-01-04T17:17:02.445"),
                    182.0, 183.0872, 180.88, 181.91, 71197269, 709246,
                    8, 60, 1.8176, 0, 2, 7, 1.8179, 0,
                ),
            ],
            csv=crlf(
                "created,last_trade,open,high,low,close,volume,count,bid_size,bid_exchange,bid,"
                "bid_condition,ask_size,ask_exchange,ask,ask_condition\n"
                "2024-01-02T17:17:53.606,2024-01-02T17:17:51.877,187.030,188.440,183.885,185.640,"
                "80680243,1003582,2,7,18.534,0,2,1,18.536,0\n"
                "2024-01-04T17:17:06.02,2024-01-04T17:17:02.445,182.0000,183.0872,180.8800,"
                "181.9100,71197269,709246,8,60,1.8176,0,2,7,1.8179,0\n"
            ),
            ndjson=(
                b'{"ask_size":2,"last_trade":"2024-01-02T17:17:51.877",'
                b'"created":"2024-01-02T17:17:53.606","ask_condition":0,"count":1003582,'
                b'"volume":80680243,"high":188.440,"low":183.885,"bid_size":2,"ask_exchange":1,'
                b'"bid_exchange":7,"ask":18.536,"bid":18.534,"bid_condition":0,'
                b'"close":185.640,"open":187.030}\n'
                b'{"ask_size":2,"last_trade":"2024-01-04T17:17:02.445",'
                b'"created":"2024-01-04T17:17:06.02","ask_condition":0,"count":709246,'
                b'"volume":71197269,"high":183.0872,"low":180.8800,"bid_size":8,'
                b'"ask_exchange":7,"bid_exchange":60,"ask":1.8179,"bid":1.8176,'
                b'"bid_condition":0,"close":181.9100,"open":182.0000}\n'
            ),
            json=(
                b'{"response":[{"ask_size":2,"last_trade":"2024-01-02T17:17:51.877",'
                b'"created":"2024-01-02T17:17:53.606","ask_condition":0,"count":1003582,'
                b'"volume":80680243,"high":188.440,"low":183.885,"bid_size":2,"ask_exchange":1,'
                b'"bid_exchange":7,"ask":18.536,"bid":18.534,"bid_condition":0,'
                b'"close":185.640,"open":187.030},'
                b'{"ask_size":2,"last_trade":"2024-01-04T17:17:02.445",'
                b'"created":"2024-01-04T17:17:06.02","ask_condition":0,"count":709246,'
                b'"volume":71197269,"high":183.0872,"low":180.8800,"bid_size":8,'
                b'"ask_exchange":7,"bid_exchange":60,"ask":1.8179,"bid":1.8176,'
                b'"bid_condition":0,"close":181.9100,"open":182.0000}]}'
            ),
            columns=(
                b'{"created":["2024-01-02T17:17:53.606","2024-01-04T17:17:06.02"],'
                b'"last_trade":["2024-01-02T17:17:51.877","2024-01-04T17:17:02.445"],'
                b'"open":[187.030,182.0],"high":[188.44,183.0872],"low":[183.885,180.88],'
                b'"close":[185.64,181.91],"volume":[80680243,71197269],"count":[1003582,709246],'
                b'"bid_size":[2,8],"bid_exchange":[7,60],"bid":[18.534,1.8176],'
                b'"bid_condition":[0,0],"ask_size":[2,2],"ask_exchange":[1,7],'
                b'"ask":[18.536,1.8179],"ask_condition":[0,0]}'
            ),
        ),
        Answer(
            requests.StockHistoryOhlc,
            [
                rows.Ohlc(
                    at("2024-01-02T09:30:00"),
                    187.15, 188.05, 186.35, 187.83, 3256708, 37886, 187.25,
                ),
                rows.Ohlc(
                    at("2024-01-02T09:31:00"),
                    187.83, 188.12, 187.63, 187.765, 809707, 7481, 187.38,
                ),
                rows.Ohlc(at("2024-01-02T16:00:00"), 0.0, 0.0, 0.0, 0.0, 0, 0, 0.0),
            ],
            csv=crlf("""\
timestamp,open,high,low,close,volume,count,vwap
2024-01-02T09:30:00,187.1500,188.050,186.350,187.830,3256708,37886,187.25
2024-01-02T09:31:00,187.830,188.120,187.630,187.765,809707,7481,187.38
2024-01-02T16:00:00,0.0000,0.0000,0.0000,0.0000,0,0,0.00
"""),
            ndjson=(
                b'{"volume":3256708,"high":188.050,"low":186.350,"vwap":187.25,"count":37886,'
                b'"close":187.830,"open":187.1500,"timestamp":"2024-01-02T09:30:00"}\n'
                b'{"volume":809707,"high":188.120,"low":187.630,"vwap":187.38,"count":7481,'
                b'"close":187.765,"open":187.830,"timestamp":"2024-01-02T09:31:00"}\n'
                b'{"volume":0,"high":0.0000,"low":0.0000,"vwap":0.00,"count":0,'
                b'"close":0.0000,"open":0.0000,"timestamp":"2024-01-02T16:00:00"}\n'
            ),
            json=(
                b'{"response": [\n'
                b'{"volume":3256708,"high":188.050,"low":186.350,"vwap":187.25,"count":37886,'
                b'"close":187.830,"open":187.1500,"timestamp":"2024-01-02T09:30:00"},\n'
                b'{"volume":809707,"high":188.120,"low":187.630,"vwap":187.38,"count":7481,'
                b'"close":187.765,"open":187.830,"timestamp":"2024-01-02T09:31:00"},\n'
                b'{"volume":0,"high":0.0000,"low":0.0000,"vwap":0.00,"count":0,'
                b'"close":0.0000,"open":0.0000,"timestamp":"2024-01-02T16:00:00"}\n]}'
            ),
            columns=(
                b'{"open":[187.15,187.83,0],"close":[187.83,187.765,0],"low":[186.35,187.63,0],'
                b'"high":[188.05,188.12,0],"volume":[3256708,809707,0],"count":[37886,7481,0],'
                b'"vwap":[187.25,187.38,0],"timestamp":["2024-01-02T09:30:00",'
                b'"2024-01-02T09:31:00","2024-01-02T16:00:00"]}'
            ),
        ),
        Answer(
            requests.OptionListExpirations,
            [
                rows.Expiration("AAPL", dt.date(2012, 6, 1)),
                rows.Expiration("AAPL", dt.date(2012, 6, 16)),
            ],
            csv=crlf("symbol,expiration\nAAPL,2012-06-01\nAAPL,2012-06-16\n"),
            ndjson=(
                b'{"symbol":"AAPL","expiration":"2012-06-01"}\n'
                b'{"expiration":"2012-06-16","symbol":"AAPL"}\n'
            ),
            json=(
                b'{"response":[{"symbol":"AAPL","expiration":"2012-06-01"},'
                b'{"symbol":"AAPL","expiration":"2012-06-16"}]}'
            ),
            columns=b'{"symbol":["AAPL","AAPL"],"expiration":["2012-06-01","2012-06-16"]}',
        ),
        Answer(
            requests.OptionListContracts,
            [
                rows.ListedContract("ABNB", dt.date(2023, 6, 16), 260.0, "CALL"),
                rows.ListedContract("AAL", dt.date(2022, 9, 30), 14.5, "CALL"),
                rows.ListedContract("AAPL", dt.date(2022, 11, 4), 80.0, "PUT"),
            ],
            csv=crlf("""\
symbol,expiration,strike,right
ABNB,2023-06-16,260.000,CALL
AAL,2022-09-30,14.500,CALL
AAPL,2022-11-04,80.000,PUT
"""),
            ndjson=(
                b'{"symbol":"ABNB","strike":260.000,"expiration":"2023-06-16","right":"CALL"}\n'
                b'{"symbol":"AAL","strike":14.500,"expiration":"2022-09-30","right":"CALL"}\n'
                b'{"symbol":"AAPL","strike":80.000,"expiration":"2022-11-04","right":"PUT"}\n'
            ),
            json=(
                b'{"response":[\n'
                b'{"symbol":"ABNB","strike":260.000,"expiration":"2023-06-16","right":"CALL"},\n'
                b'{"symbol":"AAL","strike":14.500,"expiration":"2022-09-30","right":"CALL"},\n'
                b'{"symbol":"AAPL","strike":80.000,"expiration":"2022-11-04","right":"PUT"}]}'
            ),
            columns=(
                b'{"symbol":["ABNB","AAL","AAPL"],"strike":[260.0,14.5,80],'
                b'"right":["CALL","CALL","PUT"],'
                b'"expiration":["2023-06-16","2022-09-30","2022-11-04"]}'
            ),
        ),
        Answer(
            requests.OptionSnapshotGreeksAll,
            [
                rows.OptionGreeks(
                    "AAPL", dt.date(2026, 5, 15), 170.0, "CALL", at("2025-08-20T15:59:59.677"),
                    63.65, 64.25, 0.9085, -0.0352, 31.7235, 103.2513, -150.0314, 3.2071, 0.0027,
                    -0.571, 0.0925, 146.8562, 22.9525, 0.0, 0.0, 0.0, -0.0816, -100.0, 1.3319,
                    1.0689, -0.8302, 0.0003, 0.3075, 0.0, at("2025-08-20T16:36:52.257"), 225.74,
                ),
                rows.OptionGreeks(
                    "AAPL", dt.date(2026, 5, 15), 170.0, "PUT", at("2025-08-20T15:59:58.100"),
                    4.25, 4.4, -0.0943, -0.0201, 31.1, -18.42, 15.5, -5.02, 0.0028, -0.56, 0.09,
                    144.0, 22.0, 0.0, 0.0, 0.0, -0.08, -99.0, 1.33, 1.06, 0.12, 0.0003, 0.3089,
                    0.0, at("2025-08-20T16:36:52.257"), 225.74,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid,ask,delta,theta,vega,rho,epsilon,"
                "lambda,gamma,vanna,charm,vomma,veta,vera,speed,zomma,color,ultima,d1,d2,"
                "dual_delta,dual_gamma,implied_vol,iv_error,underlying_timestamp,"
                "underlying_price\n"
                "AAPL,2026-05-15,170.000,CALL,2025-08-20T15:59:59.677,63.65,64.25,0.9085,-0.0352,"
                "31.7235,103.2513,-150.0314,3.2071,0.0027,-0.5710,0.0925,146.8562,22.9525,0.0000,"
                "0.0000,0.0000,-0.0816,-100.0000,1.3319,1.0689,-0.8302,0.0003,0.3075,0.0000,"
                "2025-08-20T16:36:52.257,225.74\n"
                "AAPL,2026-05-15,170.000,PUT,2025-08-20T15:59:58.1,4.25,4.40,-0.0943,-0.0201,"
                "31.1000,-18.4200,15.5000,-5.0200,0.0028,-0.5600,0.0900,144.0000,22.0000,0.0000,"
                "0.0000,0.0000,-0.0800,-99.0000,1.3300,1.0600,0.1200,0.0003,0.3089,0.0000,"
                "2025-08-20T16:36:52.257,225.74\n"
            ),
            ndjson=(
                b'{"symbol":"AAPL","dual_delta":-0.8302,"color":-0.0816,"zomma":0.0000,'
                b'"delta":0.9085,"implied_vol":0.3075,"theta":-0.0352,"d1":1.3319,"speed":0.0000,'
                b'"d2":1.0689,"epsilon":-150.0314,"lambda":3.2071,"vomma":146.8562,'
                b'"underlying_timestamp":"2025-08-20T16:36:52.257",'
                b'"timestamp":"2025-08-20T15:59:59.677","underlying_price":225.74,'
                b'"strike":170.000,"vera":0.0000,"right":"CALL","veta":22.9525,"iv_error":0.0000,'
                b'"ultima":-100.0000,"charm":0.0925,"ask":64.25,"rho":103.2513,'
                b'"expiration":"2026-05-15","vanna":-0.5710,"dual_gamma":0.0003,"bid":63.65,'
                b'"vega":31.7235,"gamma":0.0027}\n'
                b'{"symbol":"AAPL","dual_delta":0.12,"color":-0.08,"zomma":0,"delta":-0.0943,'
                b'"implied_vol":0.3089,"theta":-0.0201,"d1":1.33,"speed":0,"d2":1.06,'
                b'"epsilon":15.5,"lambda":-5.02,"vomma":144.0,'
                b'"underlying_timestamp":"2025-08-20T16:36:52.257",'
                b'"timestamp":"2025-08-20T15:59:58.1","underlying_price":225.74,"strike":170,'
                b'"vera":0,"right":"PUT","veta":22.0,"iv_error":0,"ultima":-99.0,"charm":0.09,'
                b'"ask":4.4,"rho":-18.42,"expiration":"2026-05-15","vanna":-0.56,'
                b'"dual_gamma":0.0003,"bid":4.25,"vega":31.1,"gamma":0.0028}\n'
            ),
            json=(
                b'{"response": [{"contract": {"symbol":"AAPL","expiration":"2026-05-15",'
                b'"strike":170.000,"right":"CALL"}, "data": [{"dual_delta":-0.8302,'
                b'"color":-0.0816,"zomma":0.0000,"delta":0.9085,"implied_vol":0.3075,'
                b'"theta":-0.0352,"d1":1.3319,"speed":0.0000,"d2":1.0689,"epsilon":-150.0314,'
                b'"lambda":3.2071,"vomma":146.8562,'
                b'"underlying_timestamp":"2025-08-20T16:36:52.257",'
                b'"timestamp":"2025-08-20T15:59:59.677","underlying_price":225.74,'
                b'"vera":0.0000,"veta":22.9525,"iv_error":0.0000,"ultima":-100.0000,'
                b'"charm":0.0925,"ask":64.25,"rho":103.2513,"vanna":-0.5710,'
                b'"dual_gamma":0.0003,"bid":63.65,"vega":31.7235,"gamma":0.0027}]},\n'
                b'{"contract": {"right":"PUT","symbol":"AAPL","expiration":"2026-05-15",'
                b'"strike":170.000}, "data": [{"dual_delta":0.12,"color":-0.08,"zomma":0,'
                b'"delta":-0.0943,"implied_vol":0.3089,"theta":-0.0201,"d1":1.33,"speed":0,'
                b'"d2":1.06,"epsilon":15.5,"lambda":-5.02,"vomma":144.0,'
                b'"underlying_timestamp":"2025-08-20T16:36:52.257",'
                b'"timestamp":"2025-08-20T15:59:58.1","underlying_price":225.74,"vera":0,'
                b'"veta":22.0,"iv_error":0,"ultima":-99.0,"charm":0.09,"ask":4.4,"rho":-18.42,'
                b'"vanna":-0.56,"dual_gamma":0.0003,"bid":4.25,"vega":31.1,"gamma":0.0028}]}]}'
            ),
            columns=(
                b'{"symbol":["AAPL","AAPL"],"expiration":["2026-05-15","2026-05-15"],'
                b'"strike":[170.000,170.000],"right":["CALL","PUT"],'
                b'"timestamp":["2025-08-20T15:59:59.677","2025-08-20T15:59:58.1"],'
                b'"bid":[63.65,4.25],"ask":[64.25,4.4],"delta":[0.9085,-0.0943],'
                b'"theta":[-0.0352,-0.0201],"vega":[31.7235,31.1],"rho":[103.2513,-18.42],'
                b'"epsilon":[-150.0314,15.5],"lambda":[3.2071,-5.02],"gamma":[0.0027,0.0028],'
                b'"vanna":[-0.571,-0.56],"charm":[0.0925,0.09],"vomma":[146.8562,144],'
                b'"veta":[22.9525,22],"vera":[0,0],"speed":[0,0],"zomma":[0,0],'
                b'"color":[-0.0816,-0.08],"ultima":[-100,-99],"d1":[1.3319,1.33],'
                b'"d2":[1.0689,1.06],"dual_delta":[-0.8302,0.12],"dual_gamma":[0.0003,0.0003],'
                b'"implied_vol":[0.3075,0.3089],"iv_error":[0,0],'
                b'"underlying_timestamp":["2025-08-20T16:36:52.257","2025-08-20T16:36:52.257"],'
                b'"underlying_price":[225.74,225.74]}'
            ),
        ),
        Answer(
            requests.OptionHistoryTrade,
            [
                rows.OptionTrade(
                    "AAPL", NOV_8, 220.0, "CALL", at("2024-11-04T09:30:00.471"),
                    18902138, 255, 255, 255, 255, 130, 2, 22, 3.9,
                ),
                rows.OptionTrade(
                    "AAPL", NOV_8, 220.0, "CALL", at("2024-11-04T09:30:02.064"),
                    -19598457, 255, 255, 255, 255, 18, 1, 5, 4.15,
                ),
                rows.OptionTrade(
                    "AAPL", NOV_8, 222.5, "PUT", at("2024-11-04T09:30:01.626"),
                    19368856, 255, 255, 255, 255, 130, 1, 6, 4.25,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,sequence,ext_condition1,ext_condition2,"
                "ext_condition3,ext_condition4,condition,size,exchange,price\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:30:00.471,18902138,"
                "255,255,255,255,130,2,22,3.90\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:30:02.064,-19598457,"
                "255,255,255,255,18,1,5,4.15\n"
                "AAPL,2024-11-08,222.500,PUT,2024-11-04T09:30:01.626,19368856,"
                "255,255,255,255,130,1,6,4.25\n"
            ),
            ndjson=(
                b'{"symbol":"AAPL","strike":220.000,"right":"CALL","sequence":18902138,'
                b'"condition":130,"size":2,"price":3.90,"ext_condition2":255,'
                b'"ext_condition1":255,"expiration":"2024-11-08","ext_condition4":255,'
                b'"exchange":22,"ext_condition3":255,"timestamp":"2024-11-04T09:30:00.471"}\n'
                b'{"symbol":"AAPL","strike":220.000,"right":"CALL","sequence":-19598457,'
                b'"condition":18,"size":1,"price":4.15,"ext_condition2":255,'
                b'"ext_condition1":255,"expiration":"2024-11-08","ext_condition4":255,'
                b'"exchange":5,"ext_condition3":255,"timestamp":"2024-11-04T09:30:02.064"}\n'
                b'{"symbol":"AAPL","strike":222.500,"right":"PUT","sequence":19368856,'
                b'"condition":130,"size":1,"price":4.25,"ext_condition2":255,'
                b'"ext_condition1":255,"expiration":"2024-11-08","ext_condition4":255,'
                b'"exchange":6,"ext_condition3":255,"timestamp":"2024-11-04T09:30:01.626"}\n'
            ),
            json=(
                b'{"response":[{"contract":{"symbol":"AAPL","strike":220.000,"right":"CALL",'
                b'"expiration":"2024-11-08"},"data":[{"sequence":18902138,"condition":130,'
                b'"size":2,"price":3.90,"ext_condition2":255,"ext_condition1":255,'
                b'"ext_condition4":255,"exchange":22,"ext_condition3":255,'
                b'"timestamp":"2024-11-04T09:30:00.471"},'
                b'{"sequence":-19598457,"condition":18,"size":1,"price":4.15,'
                b'"ext_condition2":255,"ext_condition1":255,"ext_condition4":255,"exchange":5,'
                b'"ext_condition3":255,"timestamp":"2024-11-04T09:30:02.064"}]},'
                b'{"contract":{"symbol":"AAPL","strike":222.500,"right":"PUT",'
                b'"expiration":"2024-11-08"},"data":[{"sequence":19368856,"condition":130,'
                b'"size":1,"price":4.25,"ext_condition2":255,"ext_condition1":255,'
                b'"ext_condition4":255,"exchange":6,"ext_condition3":255,'
                b'"timestamp":"2024-11-04T09:30:01.626"}]}]}'
            ),
            columns=(
                b'{"symbol":["AAPL","AAPL","AAPL"],"strike":[220.000,220.000,222.500],'
                b'"right":["CALL","CALL","PUT"],'
                b'"expiration":["2024-11-08","2024-11-08","2024-11-08"],'
                b'"timestamp":["2024-11-04T09:30:00.471","2024-11-04T09:30:02.064",'
                b'"2024-11-04T09:30:01.626"],"sequence":[18902138,-19598457,19368856],'
                b'"ext_condition1":[255,255,255],"ext_condition2":[255,255,255],'
                b'"ext_condition3":[255,255,255],"ext_condition4":[255,255,255],'
                b'"condition":[130,18,130],"size":[2,1,1],"exchange":[22,5,6],'
                b'"price":[3.9,4.15,4.25]}'
            ),
        ),
        Answer(
            requests.OptionHistoryQuote,
            [
                rows.OptionQuote(
                    "AAPL", NOV_8, 220.0, "CALL", at("2024-11-04T09:30:00"),
                    0, 42, 0.0, 50, 0, 42, 0.0, 50,
                ),
                rows.OptionQuote(
                    "AAPL", NOV_8, 220.0, "CALL", at("2024-11-04T09:31:00"),
                    598, 5, 4.55, 50, 424, 9, 4.7, 50,
                ),
                rows.OptionQuote(
                    "AAPL", NOV_8, 220.0, "PUT", at("2024-11-04T09:31:00"),
                    58, 46, 4.3, 50, 221, 11, 4.4, 50,
                ),
            ],
            csv=crlf(
                "symbol,expiration,strike,right,timestamp,bid_size,bid_exchange,bid,"
                "bid_condition,ask_size,ask_exchange,ask,ask_condition\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:30:00,0,42,0.00,50,0,42,0.00,50\n"
                "AAPL,2024-11-08,220.000,CALL,2024-11-04T09:31:00,598,5,4.55,50,424,9,4.70,50\n"
                "AAPL,2024-11-08,220.000,PUT,2024-11-04T09:31:00,58,46,4.30,50,221,11,4.40,50\n"
            ),
            ndjson=(
                b'{"symbol":"AAPL","ask_size":0,"ask_condition":50,"strike":220.000,'
                b'"right":"CALL","bid_size":0,"ask_exchange":42,"bid_exchange":42,"ask":0.00,'
                b'"expiration":"2024-11-08","bid":0.00,"bid_condition":50,'
                b'"timestamp":"2024-11-04T09:30:00"}\n'
                b'{"symbol":"AAPL","ask_size":424,"ask_condition":50,"strike":220.000,'
                b'"right":"CALL","bid_size":598,"ask_exchange":9,"bid_exchange":5,"ask":4.70,'
                b'"expiration":"2024-11-08","bid":4.55,"bid_condition":50,'
                b'"timestamp":"2024-11-04T09:31:00"}\n'
                b'{"symbol":"AAPL","ask_size":221,"ask_condition":50,"strike":220.000,'
                b'"right":"PUT","bid_size":58,"ask_exchange":11,"bid_exchange":46,"ask":4.40,'
                b'"expiration":"2024-11-08","bid":4.30,"bid_condition":50,'
                b'"timestamp":"2024-11-04T09:31:00"}\n'
            ),
            json=(
                b'{"response":[{"contract":{"symbol":"AAPL","strike":220.000,"right":"CALL",'
                b'"expiration":"2024-11-08"},"data":[{"ask_size":0,"ask_condition":50,'
                b'"bid_size":0,"ask_exchange":42,"bid_exchange":42,"ask":0.00,"bid":0.00,'
                b'"bid_condition":50,"timestamp":"2024-11-04T09:30:00"},'
                b'{"ask_size":424,"ask_condition":50,"bid_size":598,"ask_exchange":9,'
                b'"bid_exchange":5,"ask":4.70,"bid":4.55,"bid_condition":50,'
                b'"timestamp":"2024-11-04T09:31:00"}]},'
                b'{"data":[{"ask_size":221,"ask_condition":50,"bid_size":58,"ask_exchange":11,'
                b'"bid_exchange":46,"ask":4.40,"bid":4.30,"bid_condition":50,'
                b'"timestamp":"2024-11-04T09:31:00"}],"contract":{"symbol":"AAPL",'
                b'"strike":220.000,"right":"PUT","expiration":"2024-11-08"}}]}'
            ),
            columns=(
                b'{"symbol":["AAPL","AAPL","AAPL"],"strike":[220.0,220.0,220.0],'
                b'"right":["CALL","CALL","PUT"],'
                b'"expiration":["2024-11-08","2024-11-08","2024-11-08"],'
                b'"timestamp":["2024-11-04T09:30:00","2024-11-04T09:31:00",'
                b'"2024-11-04T09:31:00"],"bid_size":[0,598,58],"bid_exchange":[42,5,46],'
                b'"bid":[0.0,4.55,4.3],"bid_condition":[50,50,50],"ask_size":[0,424,221],'
                b'"ask_exchange":[42,9,11],"ask":[0.0,4.7,4.4],"ask_condition":[50,50,50]}'
            ),
        ),
        Answer(
            requests.IndexHistoryPrice,
            [
                rows.Price(at("2024-11-04T09:30:00"), 0.0),
                rows.Price(at("2024-11-04T09:31:00"), 5728.56),
            ],
            csv=crlf("timestamp,price\n2024-11-04T09:30:00,0.0\n2024-11-04T09:31:00,5728.56\n"),
            ndjson=(
                b'{"price":0.0,"timestamp":"2024-11-04T09:30:00"}\n'
                b'{"price":5728.56,"timestamp":"2024-11-04T09:31:00"}\n'
            ),
            json=(
                b'{"response":[{"price":0.0,"timestamp":"2024-11-04T09:30:00"},'
                b'{"price":5728.56,"timestamp":"2024-11-04T09:31:00"}]}'
            ),
            columns=(
                b'{"price":[0,5728.56],'
                b'"timestamp":["2024-11-04T09:30:00","2024-11-04T09:31:00"]}'
            ),
        ),
        Answer(
            requests.CalendarYear,
            [
                rows.CalendarDay(
                    dt.date(2024, 12, 24), "early_close", dt.time(9, 30), dt.time(13)
                ),
                rows.CalendarDay(dt.date(2024, 12, 25), "full_close", None, None),
            ],
            # The blank line is documented.
            csv=crlf(
                "date,type,open,close\n2024-12-24,early_close,09:30:00,13:00:00\n\n"
                "2024-12-25,full_close,,\n"
            ),
            ndjson=(
                b'{"date":"2024-12-24","type":"early_close","open":"09:30:00",'
                b'"close":"13:00:00"}\n'
                b'{"date":"2024-12-25","type":"full_close","open":null,"close":null}\n'
            ),
            json=(
                b'{"response":[{"date":"2024-12-24","type":"early_close","open":"09:30:00",'
                b'"close":"13:00:00"},'
                b'{"date":"2024-12-25","type":"full_close","open":null,"close":null}]}'
            ),
            columns=(
                b'{"date":["2024-12-24","2024-12-25"],"type":["early_close","full_close"],'
                b'"open":["09:30:00",null],"close":["13:00:00",null]}'
            ),
        ),
    )
}  # fmt: skip

ANSWERS = _FIRST | STOCK_ANSWERS | OPTION_ANSWERS | INDEX_ANSWERS | GREEKS_ANSWERS
