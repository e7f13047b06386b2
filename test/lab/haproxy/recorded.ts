/** What HAProxy 2.6.12 answered on its stats socket, recorded byte for byte: line asked, answer. */
export const RECORDED: readonly (readonly [string, string])[] = [
  [
    'set server targets/t1 addr 127.0.0.1 port 18998',
    "no need to change the addr, port changed from '1' to '18998' by 'stats socket command'\n\n",
  ],
  [
    'set server targets/t1 addr 127.0.0.2 port 18998',
    "IP changed from '127.0.0.1' to '127.0.0.2', no need to change the port by 'stats socket command'\n\n",
  ],
  ['set server targets/t1 state ready', '\n'],
  ['set server targets/t9 state ready', 'No such server.\n\n'],
  ['set server targets/t1 state drain', '\n'],
  ['set server targets/t1 state maint; shutdown sessions server targets/t1', '\n\n'],
  [
    'show stat targets 4 -1',
    '# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,ssl_sess,ssl_reused_sess,ssl_failed_handshake,h2_headers_rcvd,h2_data_rcvd,h2_settings_rcvd,h2_rst_stream_rcvd,h2_goaway_rcvd,h2_detected_conn_protocol_errors,h2_detected_strm_protocol_errors,h2_rst_stream_resp,h2_goaway_resp,h2_open_connections,h2_backend_open_streams,h2_total_connections,h2_backend_total_streams,h1_open_connections,h1_open_streams,h1_total_connections,h1_total_streams,h1_bytes_in,h1_bytes_out,h1_spliced_bytes_in,h1_spliced_bytes_out,\ntargets,t1,0,0,1,1,2048,1,0,0,,0,,0,0,0,0,DRAIN,1,1,0,,,0,,,1,3,1,,1,,2,1,,1,,,,0,0,0,0,0,0,,,,0,0,0,,,,,0,,,0,0,0,0,,,,,,,,,,,,127.0.0.1:18998,,http,,,,,,,,0,1,0,,,0,,0,0,0,0,0,0,0,1,1,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,\ntargets,t2,0,0,0,0,2048,0,0,0,,0,,0,0,0,0,MAINT,1,1,0,,,3,,,1,3,2,,0,,2,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,,,,,-1,,,0,0,0,0,,,,,,,,,,,,127.0.0.1:1,,http,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,\n\n',
  ],
];

export const NO_SUCH_PROXY = 'No such proxy.\n\n';
export const UNKNOWN_COMMAND =
  'Unknown command, but maybe one of the following ones is a better match:\n  show fd [num]                           : dump list of file descriptors in use or a specific one\n\n';
