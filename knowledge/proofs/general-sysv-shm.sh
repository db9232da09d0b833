#!/bin/sh
made=$(ipcmk -M 4096) || exit
ipcrm -m "${made##* }" && echo "made one"
